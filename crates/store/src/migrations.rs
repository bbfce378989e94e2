//! The embedded migrations: the same names on both sides.

use crate::{Result, StoreError};

pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// In order of version, without gaps.
pub(crate) const MIGRATIONS: &[Migration] = &[migration!(1, "0001_initial")];

/// The table of applied migrations; also valid SQL for both.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (\
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// Newest version this build knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The migrations that are missing, or why this build must not touch the database.
pub(crate) fn missing(applied: &[(i64, String)]) -> Result<&'static [Migration]> {
    let found = applied.iter().map(|(version, _)| *version).max().unwrap_or(0);
    if found > newest() {
        return Err(StoreError::TooNew { found, known: newest() });
    }
    for (version, name) in applied {
        let known = MIGRATIONS.iter().find(|migration| migration.version == *version);
        if known.is_none_or(|migration| migration.name != name) {
            return Err(StoreError::Corrupt(format!(
                "migration {version} is {name:?}, which this build does not know"
            )));
        }
    }
    let done = usize::try_from(found).unwrap_or(0);
    Ok(&MIGRATIONS[done.min(MIGRATIONS.len())..])
}

/// Wall clock for the `applied_at` column, milliseconds since the epoch.
#[allow(clippy::disallowed_methods, reason = "a note for people; nothing is decided by it")]
pub(crate) fn applied_at() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a note for people, decided on by nobody")]
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_folders_hold_exactly_the_listed_migrations() {
        let listed: Vec<String> = MIGRATIONS.iter().map(|migration| format!("{}.sql", migration.name)).collect();
        for side in ["sqlite", "postgres"] {
            let folder = format!("{}/migrations/{side}", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            assert_eq!(files, listed, "{side}");
        }
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, i64::try_from(index).unwrap() + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.version)));
        }
    }
}
