//! What people see in Chromium, with scripts and without.

use crate::support::browser::{Browser, Scripts};
use crate::support::cast::AYE;
use crate::support::portal::Portal;

#[tokio::test]
async fn one_signs_in_with_scripts_and_without() {
    let portal = Portal::open_now().await;
    for (scripts, told) in [(Scripts::On, "Scripts run"), (Scripts::Off, "No scripts")] {
        let browser = Browser::open(scripts).await;
        browser.go("data:text/html,<noscript>No scripts</noscript><script>document.write('Scripts run')</script>").await;
        browser.sees(told).await;
        browser.sign_in(&portal, &AYE).await;
        browser.sees("Account managers make, approve and see no payments").await;
        browser.press("Sign out").await;
        browser.sees("You are signed out.").await;
    }
}
