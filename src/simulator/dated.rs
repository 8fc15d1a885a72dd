//! Every answer bears the date of the simulator's clock, which is the hub's.

use std::sync::Arc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{DATE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::clock::{Clock, Instant};

pub(super) struct Dated(pub Arc<dyn Clock>);

pub(super) async fn dated(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let clock = request.app_data::<Data<Dated>>().cloned();
    let mut response = next.call(request).await?;
    if let Some(date) = clock.and_then(|clock| HeaderValue::from_str(&http_date(clock.0.now())).ok()) {
        response.headers_mut().insert(DATE, date);
    }
    Ok(response)
}

/// As HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(now: Instant) -> String {
    now.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_http_has_it() {
        assert_eq!(http_date(Instant::from_micros(784_111_777_900_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
