//! Chromium, driven by its ChromeDriver: for what a tab without scripts cannot show.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use fantoccini::elements::{Element, ElementRef};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::cast::{PASSWORD, Person};
use super::portal::Portal;

/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(25);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// A browser of its own, with its own window, cookies and downloads. Closed when it is dropped.
pub struct Browser {
    pub client: Client,
    scripts: Scripts,
    /// Tells the driver to close the window before the driver goes.
    session: String,
    driver: Driver,
    downloads: tempfile::TempDir,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub async fn open(scripts: Scripts) -> Self {
        let driver = Driver::start();
        let (downloads, profile) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let mut preferences = json!({
            "download.default_directory": downloads.path(),
            "download.prompt_for_download": false,
            "credentials_enable_service": false,
        });
        if scripts == Scripts::Off {
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let capabilities = json!({ "goog:chromeOptions": { "args": arguments, "prefs": preferences } });
        let connected = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await;
        let client = connected.unwrap_or_else(|error| panic!("Chromium did not start: {error}"));
        let session = client.session_id().await.unwrap().unwrap();
        Self { client, scripts, session, driver, downloads, _profile: profile }
    }

    /// Opens the portal's sign-in page and signs a person in.
    pub async fn sign_in(&self, portal: &Portal, person: &Person) {
        self.go(&portal.url("/sign-in")).await;
        self.fill("user_name", person.user_name).await;
        self.fill("password", PASSWORD).await;
        self.press("Sign in").await;
        self.sees(person.full_name).await;
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The path and query of the page it is on.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.as_str().split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned())).unwrap_or_default()
    }

    /// Clears a field by its name and types into it. A file field takes the file's path.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find(&format!("[name=\"{name}\"]:not([type=hidden])")).await;
        if field.attr("type").await.unwrap().as_deref() != Some("file") {
            field.clear().await.unwrap();
        }
        field.send_keys(text).await.unwrap();
    }

    /// Chooses the radio, the box or the option that reads so.
    pub async fn choose(&self, words: &str) {
        let reads = format!("normalize-space(.)=\"{words}\"");
        self.click(Locator::XPath(&format!("//label[{reads}] | //option[{reads}]"))).await;
    }

    /// Chooses the radio, the box or the option that this selector names.
    pub async fn tick(&self, css: &str) {
        self.click(Locator::Css(css)).await;
    }

    /// Presses the button, or follows the link, that reads so, to the page it leads to.
    pub async fn press(&self, words: &str) {
        self.leave_by(Locator::XPath(&to_press(words))).await;
    }

    /// Follows the link that this selector names.
    pub async fn follow(&self, css: &str) {
        self.leave_by(Locator::Css(css)).await;
    }

    /// Follows the link in the table's row that has these words.
    pub async fn follow_in_row(&self, words: &str) {
        self.leave_by(Locator::XPath(&format!("//tr[contains(., \"{words}\")]//a"))).await;
    }

    /// Clicks on what leads to another page, and waits for that page: what is done next would be lost on the old one,
    /// which stays for a moment.
    async fn leave_by(&self, place: Locator<'_>) {
        let old = self.document().await;
        self.click(place).await;
        let began = Instant::now();
        while self.document().await.is_none_or(|new| Some(new) == old) {
            assert!(began.elapsed() < PATIENCE, "{place:?} led nowhere from\n{}", self.reads().await);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What the driver calls this page's body; another page, also one that a script puts in its place, has another. None while it changes.
    async fn document(&self) -> Option<ElementRef> {
        Some(self.client.find(Locator::Css("body")).await.ok()?.element_id())
    }

    /// Clicks once; again only where scripts put another element in its place before the click.
    async fn click(&self, place: Locator<'_>) {
        let began = Instant::now();
        loop {
            let found = self.client.wait().at_most(PATIENCE).for_element(place).await;
            let Ok(element) = found else { panic!("nothing to click is {place:?} on\n{}", self.reads().await) };
            match element.click().await {
                Ok(()) => return,
                Err(error) if error.is_stale_element_reference() && began.elapsed() < PATIENCE => {}
                Err(error) => panic!("a click on {place:?}: {error}\n{}", self.reads().await),
            }
        }
    }

    pub async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        let Ok(element) = found else { panic!("nothing is «{css}»\n{}", self.reads().await) };
        element
    }

    /// Waits until the page says these words.
    pub async fn sees(&self, words: &str) {
        let began = Instant::now();
        while !self.reads().await.contains(words) {
            assert!(began.elapsed() < PATIENCE, "did not see «{words}» but\n{}", self.reads().await);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits as [`Self::sees`] does, and reloads the page meanwhile, as a person without scripts would.
    pub async fn comes_to(&self, words: &str) {
        let began = Instant::now();
        while !self.reads().await.contains(words) {
            assert!(began.elapsed() < PATIENCE, "did not come to «{words}» but to\n{}", self.reads().await);
            tokio::time::sleep(GLANCE).await;
            if self.scripts == Scripts::Off {
                self.client.refresh().await.unwrap();
            }
        }
    }

    /// What a person reads on the page now; empty while the page changes.
    pub async fn reads(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// A picture of the whole page as a window of this width shows it, in `light` or `dark` colours.
    pub async fn picture(&self, width: u32, colours: &str) -> Vec<u8> {
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        let colours = json!({ "features": [{ "name": "prefers-color-scheme", "value": colours }, still] });
        self.devtools("Emulation.setEmulatedMedia", colours).await;
        let window = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", window).await;
        let taken = self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// A command that WebDriver has no word for, in Chromium's own.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        // The TLS library asks for its cryptography once; a second call changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let url = format!("http://127.0.0.1:{}/session/{}/goog/cdp/execute", self.driver.port, self.session);
        let body = json!({ "cmd": command, "params": parameters }).to_string();
        let answer = reqwest::Client::builder().no_proxy().build().unwrap().post(url).body(body).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(answer["value"]["error"].is_null(), "{command}: {answer}");
        answer["value"].clone()
    }

    /// Presses what reads so, which gives a file: its name and its bytes.
    pub async fn download(&self, words: &str) -> (String, Vec<u8>) {
        self.click(Locator::XPath(&to_press(words))).await;
        let began = Instant::now();
        loop {
            let files = std::fs::read_dir(self.downloads.path()).unwrap().map(|file| file.unwrap().path());
            if let Some(done) = files.into_iter().find(|file| is_whole(file)) {
                let bytes = std::fs::read(&done).unwrap();
                // So that the next one is found too.
                std::fs::remove_file(&done).unwrap();
                return (done.file_name().unwrap().to_str().unwrap().to_owned(), bytes);
            }
            assert!(began.elapsed() < PATIENCE, "nothing was downloaded from\n{}", self.reads().await);
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// The buttons and links that read so.
fn to_press(words: &str) -> String {
    let reads = format!("normalize-space(.)=\"{words}\"");
    format!("//button[{reads}][not(@aria-hidden)] | //a[{reads}]")
}

/// Chromium keeps the name with an empty file, and puts the whole one in its place.
fn is_whole(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_part = name.ends_with(".crdownload") || name.starts_with(".com.google.") || name.starts_with(".org.chromium.");
    !is_part && std::fs::metadata(file).is_ok_and(|file| file.len() > 0)
}

impl Drop for Browser {
    fn drop(&mut self) {
        // In plain blocking words, because a drop cannot wait for the async client.
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.driver.port)) {
            let end = format!("DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", self.session);
            drop(driver.set_read_timeout(Some(Duration::from_secs(5))));
            drop(driver.write_all(end.as_bytes()));
            drop(driver.read(&mut [0]));
        }
    }
}

/// The driver of one browser, in a process group of its own.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let started = Command::new("chromedriver").arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn();
        let mut process = started.unwrap_or_else(|error| panic!("chromedriver (Debian: apt-get install chromium-driver): {error}"));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok());
        // What it says later must be taken away, or it would stop to wait for somebody who listens.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, port: port.expect("chromedriver did not say on which port it listens") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-KILL", "--", &format!("-{}", self.process.id())]).stderr(Stdio::null()).status());
        drop(self.process.wait());
    }
}
