//! The code of the guides compiles, and so does the code before a migration where we depend on the other crate.
#![cfg(all(feature = "reqwest", feature = "aws-lc"))]

#[doc = include_str!("../docs/multi-tenant.md")]
mod multi_tenant {}

#[doc = include_str!("../docs/dev-issuer.md")]
mod dev_issuer {}

#[cfg(feature = "actix")]
#[doc = include_str!("../docs/actix.md")]
mod actix {}

#[cfg(feature = "axum")]
#[doc = include_str!("../docs/audit.md")]
mod audit {}

#[cfg(feature = "metrics")]
#[doc = include_str!("../docs/operations.md")]
mod operations {}

#[cfg(feature = "axum")]
#[doc = include_str!("../docs/axum.md")]
mod axum {}

#[cfg(feature = "tower")]
#[doc = include_str!("../docs/hyper.md")]
mod hyper {}

#[cfg(feature = "tonic")]
#[doc = include_str!("../docs/grpc.md")]
mod grpc {}

#[cfg(feature = "axum")]
#[cfg(feature = "jsonwebtoken")]
mod migrate {
    #[doc = include_str!("../docs/migrate/jsonwebtoken.md")]
    mod jsonwebtoken {}
    #[doc = include_str!("../docs/migrate/jwt-authorizer.md")]
    mod jwt_authorizer {}
    #[doc = include_str!("../docs/migrate/axum-jwt-auth.md")]
    mod axum_jwt_auth {}
    #[doc = include_str!("../docs/migrate/tower-oauth2-resource-server.md")]
    mod tower_oauth2_resource_server {}
    #[doc = include_str!("../docs/migrate/spring-security.md")]
    mod spring_security {}
}
