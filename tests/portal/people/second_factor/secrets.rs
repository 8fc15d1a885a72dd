//! Secrets at rest: bound to what they belong to, and to a key that can be changed.

use std::path::PathBuf;
use std::sync::Arc;

use outlay::audit;
use outlay::clock::ManualClock;
use outlay::ids::UserId;
use outlay::institutions::{Institution, Keys, Settings};
use outlay::people::Stage;
use outlay::people::second_factor::{CodeRefusal, Given, Passed, Purpose, Sealed, Unreadable, Vault, pass};
use totp_rs::Secret;

use super::desk::{Phone, STEP, enrolled, factor, id, strict};
use crate::support::cast::{HLA, SU};
use crate::support::portal::Portal;

const SECRET: &[u8; 20] = b"12345678901234567890";

#[tokio::test]
async fn a_secret_opens_for_its_own_person_number_and_institution_alone() {
    let (portal, other, _) = Portal::two().await;
    let vault = Vault::of(&portal.institution).unwrap();
    let (hla, secret) = (id(&portal, &HLA).await, Secret::from(*SECRET));
    let sealed = vault.seal(Purpose::InUse, &hla, 3, &secret).unwrap();
    assert_eq!(vault.open(Purpose::InUse, &hla, 3, &sealed).unwrap(), secret);
    assert!(!sealed.bytes.windows(4).any(|four| SECRET.windows(4).any(|of| of == four)), "nothing of it stands there in clear");
    assert_ne!(vault.seal(Purpose::InUse, &hla, 3, &secret).unwrap().bytes, sealed.bytes, "each time another nonce");
    let su = id(&portal, &SU).await;
    assert_eq!(vault.open(Purpose::InUse, &su, 3, &sealed), Err(Unreadable), "another person");
    assert_eq!(vault.open(Purpose::InUse, &hla, 2, &sealed), Err(Unreadable), "an older number");
    assert_eq!(vault.open(Purpose::InUse, &hla, 4, &sealed), Err(Unreadable), "a newer number");
    assert_eq!(vault.open(Purpose::Proposed, &hla, 3, &sealed), Err(Unreadable), "another purpose");
    assert_eq!(Vault::of(&other.institution).unwrap().open(Purpose::InUse, &hla, 3, &sealed), Err(Unreadable), "another institution");
    for at in 0..sealed.bytes.len() {
        let mut bytes = sealed.bytes.clone();
        bytes[at] ^= 1;
        let changed = Sealed { bytes, ..sealed.clone() };
        assert_eq!(vault.open(Purpose::InUse, &hla, 3, &changed), Err(Unreadable), "byte {at} changed");
    }
    for length in [0, 10, 24, sealed.bytes.len() - 1] {
        let cut = Sealed { bytes: sealed.bytes[..length].to_vec(), ..sealed.clone() };
        assert_eq!(vault.open(Purpose::InUse, &hla, 3, &cut), Err(Unreadable), "cut to {length} bytes");
    }
    // The same key file, as if somebody had copied it: the institution's id is bound too.
    let twin = Settings { key_file: portal.institution.settings.key_file.clone(), ..other.institution.settings.clone() };
    let twin = Institution::open(twin, Arc::clone(other.institution.clock()), false).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(Vault::of(&twin).unwrap().open(Purpose::InUse, &hla, 3, &sealed), Err(Unreadable), "another institution with the same key");
}

/// The institution opened again with a new key file, and perhaps the old one beside it.
async fn opened_with(portal: &Portal, key_file: PathBuf, old_key_files: Vec<PathBuf>) -> Institution {
    let settings = Settings { key_file, old_key_files, ..portal.institution.settings.clone() };
    Institution::open(settings, Arc::clone(portal.institution.clock()), false).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn sign_in(institution: &Institution, user: &UserId, code: String) -> Result<Passed, CodeRefusal> {
    pass(&institution.db, &Vault::of(institution).unwrap(), user, Given::Code(code), "10.0.0.1").await
}

#[tokio::test]
async fn keys_are_changed_without_asking_anybody_to_enrol_again() {
    let (portal, clock): (Portal, Arc<ManualClock>) = strict().await;
    let (_, phone, codes): (_, Phone, _) = enrolled(&portal, &clock, &HLA).await;
    let (_, of_su, _) = enrolled(&portal, &clock, &SU).await;
    let (hla, su) = (id(&portal, &HLA).await, id(&portal, &SU).await);
    let (_, _, old_id, _) = factor(&portal, &HLA).await;
    let old = portal.institution.settings.key_file.clone();
    let new = old.with_file_name("key-2027");
    Keys::create_if_missing(&new).unwrap();
    seal_events(&portal.institution).await;
    let both = opened_with(&portal, new.clone(), vec![old]).await;
    assert_eq!(sign_in(&both, &hla, phone.code()).await.unwrap().stage, Stage::Full);
    let (version, _, new_id, _) = factor(&portal, &HLA).await;
    assert_ne!(new_id, old_id, "the secret is under the new key now");
    assert_eq!(version, 1, "and the same as before");
    let recovered = pass(&both.db, &Vault::of(&both).unwrap(), &hla, Given::RecoveryCode(codes[0].clone()), "10.0.0.1").await.unwrap();
    assert_eq!(recovered.recovery_codes_left, Some(9), "codes from before the change are good still");
    // The log goes on under the new key, and is whole.
    seal_events(&both).await;
    let (key, forged) = (both.keys.audit(), portal.institution.keys.audit());
    let report = both.db.read(move |conn| audit::verify(conn, &key, None)).await.unwrap();
    assert!(report.troubles.is_empty() && report.waiting == 0 && report.sealed > 3, "{report:?}");
    let report = both.db.read(move |conn| audit::verify(conn, &forged, None)).await.unwrap();
    assert!(!report.troubles.is_empty(), "what the new key sealed is not the old one's");
    // Without the old key: who has signed in since needs it no more, who has not cannot be checked.
    let alone = opened_with(&portal, new, Vec::new()).await;
    clock.advance(STEP);
    assert_eq!(sign_in(&alone, &hla, phone.code()).await.unwrap().stage, Stage::Full);
    assert!(matches!(sign_in(&alone, &su, of_su.code()).await, Err(CodeRefusal::Unreadable(Unreadable))));
}

async fn seal_events(institution: &Institution) {
    let key = institution.keys.audit();
    while institution
        .db
        .write({
            let key = key.clone();
            move |tx| audit::seal(tx, &key)
        })
        .await
        .unwrap()
        > 0
    {}
}
