//! Reads a password from the terminal, twice, or as one line of standard input.

use std::io::{BufRead, IsTerminal};

use anyhow::bail;
use secrecy::{ExposeSecret, SecretString};

pub(super) fn read(user_name: &str) -> anyhow::Result<SecretString> {
    if std::io::stdin().is_terminal() {
        let first = SecretString::from(rpassword::prompt_password(format!("Password for {user_name}: "))?);
        let second = SecretString::from(rpassword::prompt_password("Again: ")?);
        if first.expose_secret() != second.expose_secret() {
            bail!("the two passwords are not the same");
        }
        return Ok(first);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
}
