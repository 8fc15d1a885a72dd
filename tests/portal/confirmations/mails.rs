//! Who is told of what: nobody learns of it only by looking.

use diesel::prelude::*;
use outlay::confirmations::{self, Change};
use outlay::db::schema::outbox;
use outlay::db::{self, Conn};

use super::desk::{asked, confirm, set_email};
use crate::support::batches::actor;
use crate::support::cast::{AYE, HLA, KYI, MOE, SU, TUN};
use crate::support::portal::Portal;

/// Letters by address and kind, in order of address; the outbox is empty after it.
async fn letters(portal: &Portal) -> Vec<(String, String, String)> {
    let load = |conn: &mut Conn| {
        let rows: Vec<(String, String, String)> = outbox::table
            .order((outbox::address, outbox::kind, outbox::id))
            .select((outbox::address, outbox::kind, outbox::letter))
            .load(conn)?;
        Ok::<_, db::Error>(rows)
    };
    let letters = portal.institution.db.read(load).await.unwrap();
    portal
        .institution
        .db
        .write(|tx| {
            let conn: &mut Conn = tx;
            diesel::delete(outbox::table).execute(conn)?;
            Ok::<_, db::Error>(())
        })
        .await
        .unwrap();
    letters
}

async fn addresses(portal: &Portal) -> Vec<(String, String)> {
    letters(portal).await.into_iter().map(|(address, kind, _)| (address, kind)).collect()
}

fn to(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(address, kind)| ((*address).to_owned(), (*kind).to_owned())).collect()
}

#[tokio::test]
async fn who_decides_is_told_at_once_and_then_whom_it_concerns() {
    let (portal, _) = Portal::open().await;
    for (person, email) in
        [(&AYE, "aye@u.org"), (&KYI, "kyi@u.org"), (&HLA, "hla@u.org"), (&SU, "su@u.org"), (&MOE, "moe@u.org"), (&TUN, "tun@u.org")]
    {
        set_email(&portal, person, email).await;
    }
    let kyi = actor(&portal, &KYI).await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    let told = letters(&portal).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("kyi@u.org", "administration"));
    assert!(told[0].2.contains(&format!("/confirmations/{id}")), "{}", told[0].2);
    confirm(&portal, &kyi.by(), &id).await.unwrap();
    // Daw Hla Hla approves in Hlaing, where Daw Su Su does; U Moe Kyaw approves elsewhere, U Tun Aung only looks.
    let expected = [("aye@u.org", "administration"), ("hla@u.org", "account"), ("su@u.org", "account")];
    assert_eq!(addresses(&portal).await, to(&expected));
    let about_who_only_looks = asked(&portal, &AYE, Some(&TUN), Change::PasswordCode).await;
    letters(&portal).await;
    let by = kyi.by();
    portal.institution.db.write(move |tx| confirmations::refuse(tx, &by, &about_who_only_looks, "Not yet")).await.unwrap();
    let told = letters(&portal).await;
    assert_eq!(told.iter().map(|letter| letter.0.as_str()).collect::<Vec<_>>(), ["aye@u.org", "tun@u.org"]);
    assert!(told[0].2.contains("Not yet"), "{}", told[0].2);
}

#[tokio::test]
async fn a_new_address_is_told_at_both_addresses_and_to_the_checkers_beside() {
    let (portal, _) = Portal::open().await;
    for (person, email) in [(&AYE, "aye@u.org"), (&KYI, "kyi@u.org"), (&HLA, "hla@u.org"), (&SU, "su@u.org")] {
        set_email(&portal, person, email).await;
    }
    let change = Change::Email { from: Some("hla@u.org".to_owned()), to: Some("new@u.org".to_owned()) };
    let id = asked(&portal, &AYE, Some(&HLA), change).await;
    assert_eq!(addresses(&portal).await, to(&[("kyi@u.org", "administration")]));
    confirm(&portal, &actor(&portal, &KYI).await.by(), &id).await.unwrap();
    let expected = [("aye@u.org", "administration"), ("hla@u.org", "account"), ("new@u.org", "account"), ("su@u.org", "account")];
    assert_eq!(addresses(&portal).await, to(&expected));
}
