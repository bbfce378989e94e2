//! Configuration: flags, then `COUNTERSIGN_…`, then `countersign.toml`, then defaults.

use crate::secret_key::SecretKeys;
use anyhow::Context;
use clap::Args;
use countersign_outbound::{AllowedHost, HostPolicy, Outbound, Settings};
use countersign_store::StoreConfig;
use ipnet::IpNet;
use serde::Deserialize;
use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

/// Where the data is.
#[derive(Debug, Clone, Default, Args)]
pub struct DatabaseArgs {
    /// `sqlite:PATH` or `postgres://…`; SQLite in the data folder when absent.
    #[arg(long, env = "COUNTERSIGN_DATABASE", value_name = "URL")]
    pub database: Option<String>,
    /// How many connections of a process write runs on PostgreSQL, 1 to 16: each writes only what those before it have too much of.
    #[arg(long, env = "COUNTERSIGN_WRITERS", value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub writers: Option<u8>,
    /// Folder for the database and the key.
    #[arg(long, env = "COUNTERSIGN_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Configuration file; `countersign.toml` in the current folder when it exists.
    #[arg(long, env = "COUNTERSIGN_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Where the server may call to.
#[derive(Debug, Clone, Default, Args)]
pub struct OutboundArgs {
    /// A host that may be called although it is not public: a name, a name or address with its port, or a range such as
    /// 10.0.0.0/8. Repeat it for more.
    #[arg(long = "allow-host", env = "COUNTERSIGN_ALLOW_HOSTS", value_name = "HOST", value_delimiter = ',')]
    pub allow_hosts: Vec<AllowedHost>,
    /// A proxy for calls to hosts that are not allowed by --allow-host, such as http://proxy.intern:3128.
    #[arg(long, env = "COUNTERSIGN_PROXY", value_name = "URL")]
    pub proxy: Option<String>,
}

/// Who calls the server, and by which way.
#[derive(Debug, Clone, Default, Args)]
pub struct InboundArgs {
    /// A proxy in front, as an address or a range such as 10.0.0.0/8: its X-Forwarded-For names the caller. Repeat it for
    /// more.
    #[arg(long, env = "COUNTERSIGN_TRUST_PROXY", value_name = "ADDRESS|RANGE", value_delimiter = ',', value_parser = network)]
    pub trust_proxy: Vec<IpNet>,
    /// The bearer token that opens /metrics; without one it is closed.
    #[arg(long, env = "COUNTERSIGN_METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub metrics_token: Option<String>,
    /// An e-mail address that gets the end of every workspace's audit trail once a day, through the workspace's own account.
    #[arg(long, env = "COUNTERSIGN_AUDIT_HEADS_TO", value_name = "EMAIL", value_parser = mail_address)]
    pub audit_heads_to: Option<String>,
}

fn mail_address(text: &str) -> Result<String, String> {
    countersign_core::contact::email(text).ok_or_else(|| format!("`{text}` is no e-mail address"))
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| one()).map_err(|_| format!("`{text}` is neither an address nor a range like 10.0.0.0/8"))
}

/// What the file may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database: Option<String>,
    writers: Option<u8>,
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    base_url: Option<String>,
    #[serde(default)]
    allow_hosts: Vec<String>,
    proxy: Option<String>,
    #[serde(default)]
    trusted_proxies: Vec<IpNet>,
    metrics_token: Option<String>,
    audit_heads_to: Option<String>,
}

/// What is in force.
#[derive(Debug, Clone)]
pub struct Config {
    database: Option<String>,
    writers: Option<u8>,
    data: PathBuf,
    listen: Option<SocketAddr>,
    base_url: Option<String>,
    allow_hosts: Vec<AllowedHost>,
    proxy: Option<String>,
    /// Proxies in front whose word on the caller's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// What opens `/metrics`.
    pub metrics_token: Option<String>,
    /// Who gets the ends of the audit trails.
    pub audit_heads_to: Option<String>,
}

impl Config {
    /// Reads the file, if there is one, and lays the flags and the environment over it.
    ///
    /// # Errors
    /// When a named file cannot be read, or a file says something that does not exist.
    pub fn load(args: &DatabaseArgs) -> anyhow::Result<Self> {
        let file = read(args.config.as_deref())?;
        Ok(Self {
            database: args.database.clone().or(file.database),
            writers: args.writers.or(file.writers),
            data: args.data.clone().or(file.data).unwrap_or_else(|| PathBuf::from("data")),
            listen: file.listen,
            base_url: file.base_url,
            allow_hosts: file
                .allow_hosts
                .iter()
                .map(|text| text.parse())
                .collect::<Result<_, _>>()
                .context("allow_hosts")?,
            proxy: file.proxy,
            trusted_proxies: file.trusted_proxies,
            metrics_token: file.metrics_token,
            audit_heads_to: file
                .audit_heads_to
                .map(|text| mail_address(&text).map_err(anyhow::Error::msg))
                .transpose()
                .context("audit_heads_to")?,
        })
    }

    /// The same, with what flags or the environment say of calls.
    #[must_use]
    pub fn calling(mut self, args: OutboundArgs) -> Self {
        if !args.allow_hosts.is_empty() {
            self.allow_hosts = args.allow_hosts;
        }
        self.proxy = args.proxy.or(self.proxy);
        self
    }

    /// The same, with what flags or the environment say of who calls us.
    #[must_use]
    pub fn called(mut self, args: InboundArgs) -> Self {
        if !args.trust_proxy.is_empty() {
            self.trusted_proxies = args.trust_proxy;
        }
        self.metrics_token = args.metrics_token.or(self.metrics_token).filter(|token| !token.is_empty());
        self.audit_heads_to = args.audit_heads_to.or(self.audit_heads_to);
        self
    }

    /// The same, with one more address that may be called.
    #[must_use]
    pub fn allowing(mut self, address: SocketAddr) -> Self {
        self.allow_hosts.push(address.into());
        self
    }

    /// How connectors and channels call.
    ///
    /// # Errors
    /// When the proxy's address is none.
    pub fn outbound(&self) -> anyhow::Result<Outbound> {
        let policy = HostPolicy::new(self.allow_hosts.iter().cloned());
        Ok(Outbound::new(Settings { policy, proxy: self.proxy.clone(), ..Settings::default() })?)
    }

    /// The database, and the data folder made when it is needed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn database_url(&self) -> anyhow::Result<String> {
        match &self.database {
            Some(url) => Ok(url.clone()),
            None => {
                self.make_data_folder()?;
                Ok(format!("sqlite:{}", self.data.join("countersign.db").display()))
            }
        }
    }

    /// Where manifests lie that every workspace has.
    #[must_use]
    pub fn connectors_folder(&self) -> PathBuf {
        self.data.join("connectors")
    }

    /// How to open the database.
    ///
    /// # Errors
    /// When the data folder cannot be made.
    pub fn store(&self) -> anyhow::Result<StoreConfig> {
        let mut config = StoreConfig::new(self.database_url()?);
        if let Some(writers) = self.writers {
            config.writers = writers.into();
        }
        Ok(config)
    }

    /// Where to listen.
    #[must_use]
    pub fn listen(&self, flag: Option<SocketAddr>) -> SocketAddr {
        flag.or(self.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)))
    }

    /// The address people reach the server at.
    #[must_use]
    pub fn base_url(&self, flag: Option<String>, listening: SocketAddr) -> String {
        let url = flag.or_else(|| self.base_url.clone()).unwrap_or_else(|| format!("http://{listening}"));
        url.trim_end_matches('/').to_owned()
    }

    /// The keys that open the vault, see [`SecretKeys::read`].
    ///
    /// # Errors
    /// As there, and when the data folder cannot be made.
    pub fn secret_keys(&self) -> anyhow::Result<SecretKeys> {
        self.make_data_folder()?;
        SecretKeys::read(&self.data.join("secret.key"))
    }

    fn make_data_folder(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.data).with_context(|| format!("cannot make the folder {}", self.data.display()))
    }
}

fn read(named: Option<&Path>) -> anyhow::Result<File> {
    let path = named.unwrap_or_else(|| Path::new("countersign.toml"));
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(File::default()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_and_the_flags_say_what_may_be_called() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersign.toml");
        let args = DatabaseArgs { config: Some(path.clone()), ..DatabaseArgs::default() };
        fs::write(&path, "allow_hosts = ['crm.intern', '10.0.0.0/8']").unwrap();
        let config = Config::load(&args).unwrap();
        assert_eq!(config.allow_hosts.len(), 2);
        let flags = OutboundArgs { allow_hosts: vec!["[::1]:80".parse().unwrap()], proxy: None };
        let config = config.calling(flags).allowing("127.0.0.1:8090".parse().unwrap());
        let names: Vec<String> = config.allow_hosts.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["[::1]:80", "127.0.0.1:8090"]);
        fs::write(&path, "allow_hosts = ['http://crm.intern']").unwrap();
        assert!(format!("{:#}", Config::load(&args).unwrap_err()).contains("http://crm.intern"));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersign.toml");
        fs::write(&path, "databse = 'x'").unwrap();
        let args = DatabaseArgs { config: Some(path), ..DatabaseArgs::default() };
        let error = format!("{:#}", Config::load(&args).unwrap_err());
        assert!(error.contains("databse"), "{error}");
    }
}
