//! A registry file for another process on a portal's own database.

use outlay::db::DatabaseUrl;

use super::portal::{HOST, Portal};

/// A folder with the portal's institution in it; `sdks`: its `[[sdk]]` tables, and whatever else shall stand there.
pub fn registry(portal: &Portal, sdks: &str) -> tempfile::TempDir {
    let settings = &portal.institution.settings;
    let database = match &settings.database {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let text = format!(
        "name = '{}'
        mode = 'training'
        hosts = ['{HOST}']
        public_url = 'http://{HOST}'
        database = '{database}'
        key_file = '{}'
        epoch_file = 'epoch'
        {sdks}",
        settings.name,
        settings.key_file.display(),
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("upendo.toml"), text).unwrap();
    folder
}
