//! "My account": who one is here, and what one may change oneself.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::people;
use crate::say;
use crate::web::urls::needs_of;
use crate::web::{ErrorPage, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// A page of one's own, linked from My account once it is in the url table.
struct Own {
    path: &'static str,
    label: Said,
    hint: Said,
}

/// Every page of one's own, in their order.
const OWN: [Own; 5] = [
    Own { path: "/me/privileges", label: say!("Your privileges"), hint: say!("What you may do, branch by branch.") },
    Own { path: "/me/password", label: say!("Change my password"), hint: say!("You need the one you have now.") },
    Own {
        path: "/me/second-factor",
        label: say!("Second factor"),
        hint: say!("The authenticator app on your phone, and your recovery codes."),
    },
    Own { path: "/me/sessions", label: say!("Where I am signed in"), hint: say!("Sign out on a computer you left, or everywhere else.") },
    Own { path: "/me/mails", label: say!("Mails I get"), hint: say!("Turn each kind on or off.") },
];

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage {
    page: Page,
    user_name: String,
    full_name: String,
    branch: String,
    email: Option<String>,
    own: Vec<Own>,
}

/// GET /me
pub async fn account(request: HttpRequest, page: Page, visitor: Visitor) -> Result<HttpResponse, ErrorPage> {
    let id = visitor.actor.id.clone();
    let email = institution(&request)?.db.read(move |conn| people::email_of(conn, &id)).await?;
    let own = OWN.into_iter().filter(|own| needs_of(own.path).is_some_and(|needs| visitor.meets(needs))).collect();
    let actor = visitor.actor;
    let sheet = AccountPage { page, user_name: actor.user_name, full_name: actor.full_name, branch: actor.branch_name, email, own };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}
