#[derive(Clone, serde::Deserialize)]
#[allow(dead_code)]
struct Claims {
    sub: String,
    exp: u64,
    client_id: String,
    scope: String,
}
