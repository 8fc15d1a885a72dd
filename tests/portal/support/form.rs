//! A form as a browser sends it.

use scraper::ElementRef;

use super::page::{Page, selector};
use super::tab::ChosenFile;

/// The fields that would be sent, in their order.
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// The first form on a page that goes to `action`, with what its fields hold.
    pub fn on(page: &Page, action: &str) -> Self {
        let html = page.html();
        let forms: Vec<_> = html.select(&selector("form")).collect();
        let form = forms.iter().find(|form| form.attr("action").unwrap_or(&page.path) == action);
        let Some(form) = form else {
            let actions: Vec<_> = forms.iter().filter_map(|form| form.attr("action")).collect();
            panic!("no form goes to {action}, only to {actions:?}\n{page}")
        };
        Self(form.select(&selector("input, select, textarea")).filter_map(sent).collect())
    }

    /// With these fields instead of what they held; a field that the form has not is added, as a button's name would be.
    #[must_use]
    pub fn filled_in(mut self, fields: &[(&str, &str)]) -> Self {
        self.0.retain(|(name, _)| !fields.iter().any(|(filled, _)| filled == name));
        self.0.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    pub fn urlencoded(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// The content type and the body of a form with a file, fields first.
    pub fn multipart(&self, file: &ChosenFile<'_>) -> (String, Vec<u8>) {
        const BOUNDARY: &str = "----outlay-test-boundary";
        let mut body = Vec::new();
        for (name, value) in &self.0 {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: text/csv\r\n\r\n",
            file.field, file.name
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file.bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }
}

/// Name and value of a field that a browser would send as it stands.
fn sent(field: ElementRef<'_>) -> Option<(String, String)> {
    let name = field.attr("name").filter(|name| !name.is_empty() && field.attr("disabled").is_none())?;
    let value = match (field.value().name(), field.attr("type").unwrap_or("text")) {
        ("textarea", _) => field.text().collect::<String>().trim_start_matches('\n').to_owned(),
        ("select", _) => {
            let options: Vec<_> = field.select(&selector("option")).collect();
            let chosen = options.iter().find(|option| option.attr("selected").is_some()).or(options.first())?;
            chosen.attr("value").map_or_else(|| chosen.text().collect(), str::to_owned)
        }
        (_, "submit" | "button" | "reset" | "file" | "image") => return None,
        (_, "checkbox" | "radio") if field.attr("checked").is_none() => return None,
        (_, "checkbox" | "radio") => field.attr("value").unwrap_or("on").to_owned(),
        _ => field.attr("value").unwrap_or_default().to_owned(),
    };
    Some((name.to_owned(), value))
}

fn encode(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-._*".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}
