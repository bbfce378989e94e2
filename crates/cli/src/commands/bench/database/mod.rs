//! The database under measurement, seen from beside the server: its size, its CPU time, its raw speed.

mod copies;
mod postgres;
mod postgres_server;
mod sqlite;

use postgres::Postgres;
use sqlite::Sqlite;
use std::{fmt, path::Path, str::FromStr, time::Duration};

/// Rows of a batch of the yardstick.
const YARDSTICK_BATCH: usize = 100;

/// Which database to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// A new file.
    Sqlite,
    /// A new database: on the server of this URL, or on one started for it.
    Postgres(Option<String>),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" | "postgresql" => Ok(Self::Postgres(None)),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Postgres(Some(url.to_owned())))
            }
            other => Err(format!("`{other}` is not sqlite, postgres or postgres://…")),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        })
    }
}

/// A fresh database.
#[derive(Debug)]
pub(super) enum Database {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

impl Database {
    /// Makes it, in this folder unless a server is given.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not work.
    pub(super) async fn create(choice: &Choice, folder: &Path) -> anyhow::Result<Self> {
        match choice {
            Choice::Sqlite => Ok(Self::Sqlite(Sqlite::new(folder))),
            Choice::Postgres(url) => Ok(Self::Postgres(Box::new(Postgres::create(url.as_deref(), folder).await?))),
        }
    }

    /// What `serve --database` takes.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(sqlite) => sqlite.url(),
            Self::Postgres(postgres) => postgres.url().to_owned(),
        }
    }

    /// Name and version.
    pub(super) fn version(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("SQLite {}", rusqlite::version()),
            Self::Postgres(postgres) => format!("PostgreSQL {}", postgres.version()),
        }
    }

    /// CPU time of its processes; zero when it lives in the server's, nothing when it is on another machine.
    pub(super) fn cpu(&self) -> Option<Duration> {
        match self {
            Self::Sqlite(_) => Some(Duration::ZERO),
            Self::Postgres(postgres) => postgres.cpu(),
        }
    }

    /// Bytes it holds, what is logged ahead included; works beside a running server.
    pub(super) async fn bytes(&self) -> anyhow::Result<u64> {
        match self {
            Self::Sqlite(sqlite) => Ok(u64::try_from(sqlite.bytes().await?)?),
            Self::Postgres(postgres) => Ok(u64::try_from(postgres.bytes().await?)?),
        }
    }

    /// Rows per second that one connection inserts in batches of 100, each of the mean size of the rows that runs left.
    pub(super) async fn yardstick(&self, duration: Duration) -> anyhow::Result<f64> {
        match self {
            Self::Sqlite(sqlite) => sqlite.yardstick(duration).await,
            Self::Postgres(postgres) => postgres.yardstick(duration).await,
        }
    }

    /// Copies completed runs until there are so many; the server must be stopped. The number there are.
    pub(super) async fn fill_up(&self, completed: u64) -> anyhow::Result<u64> {
        let completed = i64::try_from(completed)?;
        let completed = match self {
            Self::Sqlite(sqlite) => sqlite.fill_up(completed).await,
            Self::Postgres(postgres) => postgres.fill_up(completed).await,
        };
        Ok(u64::try_from(completed?)?)
    }

    /// Leaves nothing behind.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// A key like those of runs, for row number `number` of the yardstick.
fn yardstick_key(number: usize) -> String {
    format!("{number:08x}-0000-7000-8000-000000000000")
}

/// Text that makes a yardstick row, with its key, `row_bytes` long.
fn yardstick_text(row_bytes: i64) -> String {
    let key = 36 + 36 + 8 + 8;
    "x".repeat(usize::try_from((row_bytes - key).clamp(16, 64 * 1024)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_read_from_a_word_or_a_url() {
        assert_eq!("sqlite".parse(), Ok(Choice::Sqlite));
        assert_eq!("postgres".parse(), Ok(Choice::Postgres(None)));
        let url = "postgres://u@h/d";
        assert_eq!(url.parse(), Ok(Choice::Postgres(Some(url.to_owned()))));
        assert!("mysql".parse::<Choice>().is_err());
        assert_eq!(Choice::Postgres(Some(url.to_owned())).to_string(), "postgres");
    }

    #[test]
    fn yardstick_rows_are_as_long_as_asked() {
        assert_eq!(yardstick_text(388).len(), 300);
        assert_eq!(yardstick_text(0).len(), 16);
        assert_eq!(yardstick_key(255).len(), 36);
    }
}
