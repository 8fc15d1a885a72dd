//! Which device somebody asked from.

/// How a browser calls itself, in words a person knows: `Chrome, Windows`.
pub(super) fn device(browser: &str) -> String {
    let has = |word: &str| browser.contains(word);
    let name = match () {
        () if has("Edg/") => "Edge",
        () if has("OPR/") => "Opera",
        () if has("Firefox/") => "Firefox",
        () if has("Chrome/") => "Chrome",
        () if has("Safari/") => "Safari",
        () => "",
    };
    let system = match () {
        () if has("Android") => "Android",
        () if has("iPhone") || has("iPad") => "iOS",
        () if has("Windows") => "Windows",
        () if has("Mac OS X") => "macOS",
        () if has("Linux") => "Linux",
        () => "",
    };
    match (name, system) {
        ("", "") => browser.chars().take(40).collect(),
        ("", only) | (only, "") => only.to_owned(),
        (name, system) => format!("{name}, {system}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_by_a_name_people_know() {
        let chrome = "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36";
        assert_eq!(device(chrome), "Chrome, Windows");
        assert_eq!(device("Mozilla/5.0 (Android 13; Mobile; rv:115.0) Gecko/115.0 Firefox/115.0"), "Firefox, Android");
        assert_eq!(device("curl/8"), "curl/8");
    }
}
