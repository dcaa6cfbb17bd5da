//! What single methods of gRPC services ask for, beyond a good token.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Extensions, Method, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::early::EarlyFuture;
use super::refusal::Fault;
use super::route::{ANY_TOKEN, Terms, tokenless};
use crate::audit::Asked;
use crate::error::{Rejection, Unmet};
use crate::require::Requirement;
use crate::stripes::Spread;
use crate::verify::VerifiedToken;

/// Starts a table of what each method asks for; a method that is not in it is refused. For servers behind an
/// [`AuthLayer`](super::AuthLayer).
///
/// A method goes by its path, `/package.Service/Method`, compared byte for byte. `/package.Service/*` stands for the methods
/// of a service that have no entry of their own.
///
/// | the method | a good token | the [`Anonymous`](super::Anonymous) marker |
/// |---|---|---|
/// | [`allow`](MethodTable::allow) | passes if it meets the requirement; else 7 `PERMISSION_DENIED` | 16 `UNAUTHENTICATED` |
/// | [`allow_any_token`](MethodTable::allow_any_token) | passes | 16 |
/// | [`allow_anyone`](MethodTable::allow_anyone) | passes | passes |
/// | not in the table | 7, `requirement_impossible`, and a warning in the log; or as [`otherwise`](MethodTable::otherwise) says | 16 |
/// | in it twice | 13 `INTERNAL` and an error in the log: nobody can tell which entry is meant | 13 |
///
/// Without any layer outside every method but those for anyone is answered with 13, and there is an error in the log. A path
/// that is not one of a method, or stands in the table twice, is told in the log when it is added.
///
/// A path that is misspelt opens nothing by itself: the method that was meant is not in the table. The warning names the
/// service, if the table does, and not the method, which the caller chose. But an entry for the rest of a service, and
/// `otherwise`, speak for that method then: let these ask for the most. Beside a path that is none at all, they answer 13.
///
/// ```
/// # fn server(verifier: portcullis::Verifier) {
/// use portcullis::{http::methods, scope};
/// use tower::ServiceBuilder;
///
/// let table = methods()
///     .allow("/shop.Orders/List", scope("orders:read"))
///     .allow("/shop.Orders/Delete", scope("orders:read").and(scope("orders:delete")))
///     .allow_any_token("/shop.Profile/*")
///     .allow_anyone("/grpc.health.v1.Health/Check");
/// let layers = ServiceBuilder::new().layer(verifier.layer().optional()).layer(table);
/// # let _ = layers;
/// # }
/// ```
pub fn methods() -> MethodTable {
    MethodTable { table: Arc::default() }
}

/// Asks of each gRPC method what its table says; made by [`methods`].
#[derive(Clone, Debug)]
#[must_use = "a layer guards nothing until it is around a service"]
pub struct MethodTable {
    table: Arc<Table>,
}

/// A service behind a [`MethodTable`].
#[derive(Clone)]
pub struct ByMethod<S> {
    inner: S,
    table: Spread<Arc<Table>>,
}

#[derive(Clone, Debug, Default)]
struct Table {
    methods: BTreeMap<Arc<str>, Option<Rule>>,
    /// By the path of the service, with both slashes: every service of which a method is named.
    services: BTreeMap<Arc<str>, Option<Rule>>,
    otherwise: Option<Rule>,
    /// The first path that is none.
    astray: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
enum Rule {
    Anyone,
    AnyToken,
    Token(Terms),
    /// Two entries for one path.
    Disputed,
}

impl MethodTable {
    /// Lets tokens pass that meet `requirement`.
    ///
    /// A [mistake](Requirement::mistake) in the requirement is one of the set-up: 13 for every
    /// call, and an error in the log here and then.
    pub fn allow(self, path: &str, requirement: impl Into<Requirement>) -> Self {
        self.with(path, Rule::of(requirement.into()))
    }

    /// Lets every good token pass.
    pub fn allow_any_token(self, path: &str) -> Self {
        self.with(path, Rule::AnyToken)
    }

    /// Lets requests pass with a good token or without any, as far as the layer outside does: it must be
    /// [optional](super::AuthLayer::optional) for that, or absent.
    pub fn allow_anyone(self, path: &str) -> Self {
        self.with(path, Rule::Anyone)
    }

    /// Lets tokens that meet `requirement` pass to methods that are not in the table, to which otherwise nobody passes.
    pub fn otherwise(mut self, requirement: impl Into<Requirement>) -> Self {
        let rule = Rule::of(requirement.into());
        rule.put(&mut Arc::make_mut(&mut self.table).otherwise, "otherwise");
        self
    }

    fn with(mut self, path: &str, rule: Rule) -> Self {
        let table = Arc::make_mut(&mut self.table);
        let Some((service, method)) = split(path) else {
            tracing::error!(path, "not the path of a gRPC method: /package.Service/Method");
            table.astray.get_or_insert_with(|| Arc::from(path));
            return self;
        };
        let of_service = table.services.entry(Arc::from(service)).or_default();
        let place =
            if method == EVERY { of_service } else { table.methods.entry(Arc::from(path)).or_default() };
        rule.put(place, path);
        self
    }
}

impl Rule {
    fn of(requirement: Requirement) -> Self {
        if let Some(mistake) = requirement.mistake() {
            tracing::error!(%mistake, "a method asks for what cannot be and will answer 13");
        }
        Self::Token(Terms { requirement })
    }

    /// Fills a place of the table, which has no room for two.
    fn put(self, place: &mut Option<Self>, path: &str) {
        if place.is_some() {
            tracing::error!(path, "an entry stands in the table twice and its methods will answer 13");
        }
        *place = Some(if place.is_some() { Self::Disputed } else { self });
    }

    /// # Errors
    /// Whose fault it is that the request may not pass.
    fn check(&self, method: &Method, planted: &Extensions) -> Result<(), Fault> {
        match self {
            Self::Anyone => Ok(()),
            Self::AnyToken if planted.get::<VerifiedToken>().is_some() => Ok(()),
            Self::AnyToken => {
                Err(tokenless(planted.get().cloned(), &ANY_TOKEN, || Asked::of(method, planted)))
            }
            Self::Token(terms) => {
                terms.check(planted.get(), || planted.get().cloned(), || Asked::of(method, planted))
            }
            Self::Disputed => {
                tracing::error!("a method whose entry stands in the table twice was called");
                Err(Fault::Wiring)
            }
        }
    }
}

impl Table {
    /// # Errors
    /// Whose fault it is that the request may not pass.
    fn check(&self, method: &Method, path: &str, planted: &Extensions) -> Result<(), Fault> {
        if let Some(Some(rule)) = self.methods.get(path) {
            return rule.check(method, planted);
        }
        let service = split(path).and_then(|(service, _)| self.services.get_key_value(service));
        let rule = service.and_then(|(_, rule)| rule.as_ref()).or(self.otherwise.as_ref());
        if let Some(rule) = rule {
            // The method may be the one that was meant by a path that is none, and ask for more.
            return match &self.astray {
                None => rule.check(method, planted),
                Some(path) => {
                    tracing::error!(%path, "a method was called that may be meant by a path that is none");
                    Err(Fault::Wiring)
                }
            };
        }
        let Some(token) = planted.get::<VerifiedToken>() else {
            return Err(tokenless(planted.get().cloned(), &LISTED, || Asked::of(method, planted)));
        };
        // Nothing that the caller chose: the name is the set-up's.
        let service = service.map_or("one without any entry", |(name, _)| name.trim_matches('/'));
        tracing::warn!(service, "a method that is not in the table was called and refused");
        let needed = Arc::from(LISTED);
        let unlisted = Rejection::RequirementUnmet { lacking: Unmet::Impossible, needed };
        token.tell_of_requirement(&LISTED, Some(&unlisted), || Asked::of(method, planted));
        Err(Fault::Request(unlisted.into()))
    }
}

impl<S> Layer<S> for MethodTable {
    type Service = ByMethod<S>;

    fn layer(&self, inner: S) -> ByMethod<S> {
        ByMethod { inner, table: Spread::of(|| Arc::clone(&self.table)) }
    }
}

impl<S, B, R> Service<Request<B>> for ByMethod<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = EarlyFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> EarlyFuture<S::Future, R> {
        match self.table.check(request.method(), request.uri().path(), request.extensions()) {
            Ok(()) => EarlyFuture::running(self.inner.call(request)),
            Err(fault) => EarlyFuture::refused(fault, &request),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for ByMethod<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByMethod").field("inner", &self.inner).field("table", &**self.table).finish()
    }
}

/// The service with its slashes, and the method.
fn split(path: &str) -> Option<(&str, &str)> {
    let end = path.rfind('/')?;
    let (service, method) = path.split_at_checked(end.checked_add(1)?)?;
    let name = service.strip_prefix('/')?.strip_suffix('/')?;
    (!name.is_empty() && !name.contains('/') && !method.is_empty()).then_some((service, method))
}

const LISTED: &str = "a method that is in the table";
/// In place of a method's name.
const EVERY: &str = "*";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_path() {
        for (path, want) in [
            ("/shop.Orders/List", Some(("/shop.Orders/", "List"))),
            ("/Orders/List", Some(("/Orders/", "List"))),
            ("/shop.Orders/*", Some(("/shop.Orders/", "*"))),
            ("/shop.Orders/", None),
            ("/shop.Orders", None),
            ("//List", None),
            ("/shop/Orders/List", None),
            ("//shop.Orders/List", None),
            ("shop.Orders/List", None),
            ("/", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(split(path), want, "{path}");
        }
    }
}
