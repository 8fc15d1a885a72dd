//! The institution's logo beside its name.

use crate::support::cast::THIRI;
use crate::support::portal::Portal;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand the rest of a picture";

#[tokio::test]
async fn it_stands_on_every_page_and_may_be_kept() {
    let portal = Portal::open_with_file("ours.png", PNG, "logo = 'ours.png'").await.unwrap();
    let mut stranger = portal.stranger();
    let page = stranger.get("/sign-in").await;
    let path = page.attribute("img.logo", "src");
    assert_eq!(page.attribute("img.logo", "alt"), "Logo of Upendo Microfinance");
    assert!(!page.attribute("img.logo", "width").is_empty() && !page.attribute("img.logo", "height").is_empty());
    let logo = stranger.look(&path).await;
    logo.assert_status(200);
    assert_eq!((logo.header("content-type"), logo.header("x-content-type-options")), (Some("image/png"), Some("nosniff")));
    assert_eq!(logo.header("cache-control"), Some("public, max-age=86400"));
    assert_eq!(logo.bytes, PNG);
    assert!(portal.signed_in(&THIRI).await.get("/batches/new").await.has("header img.logo"));
}

#[tokio::test]
async fn where_there_is_none_nothing_is_asked_for() {
    let (portal, _) = Portal::open().await;
    assert!(!portal.stranger().get("/sign-in").await.has("img"));
    portal.stranger().look("/logo").await.assert_status(404);
}

#[tokio::test]
async fn what_is_no_small_picture_is_refused_at_start() {
    let script = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>";
    let refused = Portal::open_with_file("logo.png", script, "logo = 'logo.png'").await.err().unwrap();
    assert!(refused.contains("neither a PNG nor a JPEG"), "{refused}");
    let large = [PNG, &[0; 50_000]].concat();
    let refused = Portal::open_with_file("logo.png", &large, "logo = 'logo.png'").await.err().unwrap();
    assert!(refused.contains("larger than 50 kB"), "{refused}");
    let refused = Portal::open_with_file("other.png", PNG, "logo = 'logo.png'").await.err().unwrap();
    assert!(refused.contains("cannot be read"), "{refused}");
}
