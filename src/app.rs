//! Wires institutions, pages and headers into one server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HOST};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpResponse, HttpServer, guard, web};

use crate::institutions::Institution;
use crate::people::Passwords;
use crate::web::guard::not_found;
use crate::web::urls::{self, Needs};
use crate::web::{FORM_BYTES_MAX, Proxies, front, headers, sessions};

/// What the server needs beside its institutions.
#[derive(Clone)]
pub struct Portal {
    pub institutions: Vec<Arc<Institution>>,
    pub passwords: Passwords,
    pub proxies: Proxies,
    /// Threads that answer requests; each request's database work is elsewhere.
    pub threads: usize,
}

/// A server that listens: its address, and a handle to stop it.
pub struct Listening {
    pub address: SocketAddr,
    pub handle: ServerHandle,
    pub server: Server,
}

/// Serves the portal on a listener; the returned server has to be awaited.
///
/// # Errors
/// The operating system's.
pub fn serve(portal: Portal, listener: TcpListener) -> std::io::Result<Listening> {
    let address = listener.local_addr()?;
    let threads = portal.threads.max(1);
    let server = HttpServer::new(move || {
        let app = App::new()
            .wrap(Compress::default())
            .wrap(from_fn(headers::secure))
            .wrap(tracing_actix_web::TracingLogger::<crate::logging::Spans>::new())
            .app_data(web::Data::new(portal.passwords.clone()))
            .app_data(web::Data::new(portal.proxies.clone()))
            .app_data(web::PayloadConfig::new(FORM_BYTES_MAX))
            .app_data(web::FormConfig::default().limit(FORM_BYTES_MAX));
        let app = portal.institutions.iter().fold(app, |app, institution| {
            let hosts = institution.settings.hosts.clone();
            let scope = web::scope("")
                .guard(guard::fn_guard(move |request| {
                    let host = request.head().headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
                    hosts.iter().any(|known| known == &host_name(host))
                }))
                .app_data(web::Data::from(Arc::clone(institution)))
                .wrap(sessions::middleware(Arc::clone(institution)))
                .wrap(from_fn({
                    let institution = Arc::clone(institution);
                    move |request, next| front::stand(Arc::clone(&institution), request, next)
                }));
            let scope = urls::services().into_iter().fold(scope, actix_web::Scope::service);
            app.service(scope.default_service(urls::guarded(Needs::Nothing, web::to(not_found))))
        });
        app.default_service(web::to(misdirected))
    })
    .workers(threads)
    .listen(listener)?
    .shutdown_timeout(5)
    .run();
    Ok(Listening { address, handle: server.handle(), server })
}

/// A Host header without its port, in lower case.
fn host_name(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    name.to_ascii_lowercase()
}

/// 421: this machine answers, but not under that name. Says nothing about the names it does answer to.
async fn misdirected() -> HttpResponse {
    HttpResponse::build(StatusCode::MISDIRECTED_REQUEST)
        .content_type(ContentType::plaintext())
        .body("This server does not answer under that name. Check the address you typed, or ask whoever gave it to you.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_compared_without_its_port() {
        assert_eq!(host_name("Pay.Example.org:8443"), "pay.example.org");
        assert_eq!(host_name("[::1]:8080"), "[::1]");
        assert_eq!(host_name("[::1]"), "[::1]");
    }
}
