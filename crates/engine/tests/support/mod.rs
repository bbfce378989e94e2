//! One door: a real engine on a real database, with the sandbox for a world and a clock that is moved by hand.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic
)]

use async_trait::async_trait;
use countersign_connectors::Registry;
use countersign_core::{
    log::{LogEntry, StepExecution, history},
    run::{Actor, Via},
};
use countersign_engine::{Clock, Engine, EngineConfig, EngineParts, Incoming, StartRun, Vault};
use countersign_outbound::Outbound;
use countersign_sandbox::{Sandbox, SandboxConfig};
use countersign_store::{
    Author, ChannelAccountRow, CheckpointFilter, CheckpointRow, CheckpointStatus, ConnectionRow, ConversationRow,
    ConversationStatus, MessageRow, NewMessage, PageRequest, Publish, RunRow, RunStatus, Store, WaitingFor,
    WorkflowRow, WorkspaceRow, testing::TestDatabase,
};
use serde_json::{Map, Value, json};
use std::{
    sync::{
        Arc, Once,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{sync::Notify, task::JoinSet};

pub const WORKSPACE: &str = "ws1";
/// How long a test waits for a signal before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A clock moved by hand.
pub struct TestClock {
    now: AtomicI64,
    moved: Notify,
}

impl TestClock {
    pub fn new() -> Arc<Self> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Arc::new(Self { now: AtomicI64::new(since_epoch.as_millis() as i64), moved: Notify::new() })
    }

    pub fn advance(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, at: i64) {
        loop {
            let moved = self.moved.notified();
            if self.now() >= at {
                return;
            }
            moved.await;
        }
    }
}

pub struct World {
    pub sandbox: Sandbox,
    /// Kept as long as the world.
    _database: Option<TestDatabase>,
    pub store: Store,
    pub engine: Engine,
    pub clock: Arc<TestClock>,
    http: reqwest::Client,
}

impl World {
    pub async fn new() -> Self {
        Self::on(TestDatabase::sqlite()).await
    }

    pub async fn on(database: TestDatabase) -> Self {
        Self::with(database, EngineConfig::default()).await
    }

    pub async fn with(database: TestDatabase, config: EngineConfig) -> Self {
        let store = database.open().await.unwrap();
        Self { _database: Some(database), ..Self::over(store, config).await }
    }

    pub async fn over(store: Store, config: EngineConfig) -> Self {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let any = "127.0.0.1:0".parse().unwrap();
        let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
        let clock = TestClock::new();
        let engine = engine(&store, &clock, config).await;
        let world = Self {
            sandbox,
            _database: None,
            store,
            engine,
            clock,
            http: countersign_outbound::direct().no_proxy().build().unwrap(),
        };
        world.furnish().await;
        world
    }

    /// Lets the engine go without a good-bye, as a crash would, and starts another on the same database.
    pub async fn crash(&mut self) {
        self.engine.shutdown(Duration::ZERO).await;
        self.engine = engine(&self.store, &self.clock, EngineConfig::default()).await;
    }

    /// Another process on the same database.
    pub async fn another(&self) -> Engine {
        engine(&self.store, &self.clock, EngineConfig::default()).await
    }

    /// Another process that opened the database itself.
    pub async fn another_on(&self, store: &Store) -> Engine {
        engine(store, &self.clock, EngineConfig::default()).await
    }

    async fn furnish(&self) {
        let workspace = WorkspaceRow {
            id: WORKSPACE.into(),
            slug: "main".into(),
            name: "Main".into(),
            policy: "{}".into(),
            created_at: 1,
        };
        self.store.create_workspace(&workspace).await.unwrap();
        let url = self.sandbox.url();
        self.connection(
            "identity",
            json!({ "base_url": format!("{url}/identity") }),
            json!({ "token": "identity_test" }),
        )
        .await;
        self.connection("stripe", json!({ "base_url": format!("{url}/stripe") }), json!({ "api_key": "sk_test_1" }))
            .await;
        let others = [
            ("shopify", "/shopify", json!({ "access_token": "shpat_test" })),
            ("slack", "/slack", json!({ "bot_token": "xoxb-test" })),
            ("http", "/rest", json!({})),
        ];
        for (connector, path, secrets) in others {
            self.connection(connector, json!({ "base_url": format!("{url}{path}") }), secrets).await;
        }
        let whatsapp = json!({ "base_url": format!("{url}/whatsapp"), "phone_number_id": "15550000001" });
        self.channel("whatsapp", whatsapp, json!({ "token": "EAAG_test" })).await;
        let smtp = self.sandbox.smtp_addr();
        let email =
            json!({ "host": smtp.ip().to_string(), "port": smtp.port(), "tls": "none", "from": "support@example.com" });
        self.channel("email", email, json!({})).await;
    }

    pub async fn connection(&self, connector: &str, settings: Value, secrets: Value) {
        let id = format!("conn-{connector}");
        let row = ConnectionRow {
            sealed: self.seal(&format!("{WORKSPACE}/connection/{id}"), &secrets),
            id,
            workspace: WORKSPACE.into(),
            connector: connector.into(),
            name: "main".into(),
            settings: settings.to_string(),
            health: String::new(),
            used: String::new(),
            created_at: 1,
            updated_at: 1,
        };
        self.store.create_connection(&row, Vec::new()).await.unwrap();
    }

    pub async fn channel(&self, channel: &str, settings: Value, secrets: Value) {
        let id = format!("chan-{channel}");
        let row = ChannelAccountRow {
            sealed: self.seal(&format!("{WORKSPACE}/channel/{id}"), &secrets),
            id,
            workspace: WORKSPACE.into(),
            channel: channel.into(),
            name: "main".into(),
            settings: settings.to_string(),
            health: String::new(),
            heard_at: None,
            created_at: 1,
            updated_at: 1,
        };
        self.store.create_channel_account(&row, Vec::new()).await.unwrap();
    }

    fn seal(&self, context: &str, secrets: &Value) -> String {
        self.engine.vault().seal(context, secrets.as_object().unwrap()).unwrap()
    }

    /// Publishes a document; its id is `name`.
    pub async fn publish(&self, id: &str, yaml: &str) {
        self.publish_elsewhere(id, yaml).await;
        self.engine.workflow_changed(WORKSPACE, id);
    }

    /// Publishes as another process does: this one hears of it later.
    pub async fn publish_elsewhere(&self, id: &str, yaml: &str) {
        let document: Value = serde_json::to_value(countersign_core::document::parse(yaml).unwrap()).unwrap();
        let workflow = WorkflowRow {
            id: id.into(),
            workspace: WORKSPACE.into(),
            name: id.into(),
            draft: document.to_string(),
            draft_revision: 1,
            draft_updated_at: 1,
            draft_updated_by: None,
            active_version: None,
            last_version: 0,
            created_at: 1,
            archived_at: None,
        };
        if self.store.get_workflow(WORKSPACE, id).await.unwrap().is_none() {
            self.store.create_workflow(&workflow, Vec::new()).await.unwrap();
        }
        let publish = Publish {
            workspace: WORKSPACE.into(),
            workflow: id.into(),
            document: document.to_string(),
            hash: "test".into(),
            message: "test".into(),
            author: "test".into(),
            detail: None,
            expected_active: None,
            at: self.clock.now(),
        };
        self.store.publish(&publish, &|_| Vec::new()).await.unwrap();
    }

    pub async fn conversation(&self, id: &str) {
        self.talk(id, "web", None).await;
    }

    /// A conversation of an address of the channel's account; what is said there leaves.
    pub async fn conversation_over(&self, channel: &str, address: &str) -> String {
        let id = format!("{channel}-{address}");
        self.talk(&id, channel, Some(address)).await;
        id
    }

    async fn talk(&self, id: &str, channel: &str, address: Option<&str>) {
        let row = ConversationRow {
            id: id.into(),
            workspace: WORKSPACE.into(),
            customer: None,
            channel: channel.into(),
            channel_account: address.map(|_| format!("chan-{channel}")),
            external_id: address.map(str::to_owned),
            subject: None,
            status: ConversationStatus::Open,
            token_hash: None,
            assigned_to: None,
            last_position: 0,
            created_at: 1,
            updated_at: 1,
            last_message_at: None,
            unanswered_since: None,
            snoozed_until: None,
        };
        self.store.create_conversation(&row, vec![]).await.unwrap();
    }

    /// An operator says something in a conversation.
    pub async fn operator_says(&self, conversation: &str, text: &str) -> MessageRow {
        let message = NewMessage {
            id: format!("{conversation} {text}"),
            conversation: conversation.into(),
            at: self.clock.now(),
            author: Author::Operator,
            author_name: "Olga".into(),
            body: text.into(),
            form: None,
            checkpoint: None,
            run: None,
            data: None,
            leaves: true,
        };
        self.engine.say(WORKSPACE, &message, Vec::new()).await.unwrap()
    }

    /// Waits, on the change feed, until a message is as wanted.
    pub async fn until_message(&self, message: &MessageRow, wanted: impl Fn(&MessageRow) -> bool) -> MessageRow {
        let mut changes = self.store.subscribe();
        let found = async || self.store.get_message(WORKSPACE, &message.id).await.unwrap().unwrap();
        let waiting = async {
            loop {
                let row = found().await;
                if wanted(&row) {
                    return row;
                }
                drop(changes.recv().await);
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(row) => row,
            Err(_) => panic!("the message never got there: {:?}", found().await),
        }
    }

    /// The customer of a conversation writes; the run that starts.
    pub async fn says(&self, conversation: &str, text: &str) -> Option<RunRow> {
        let conversation = self.store.get_conversation(WORKSPACE, conversation).await.unwrap().unwrap();
        let customer = match &conversation.customer {
            Some(id) => self.store.get_customer(WORKSPACE, id).await.unwrap(),
            None => None,
        };
        let message = NewMessage {
            id: format!("{} {}", conversation.id, conversation.last_position),
            conversation: conversation.id.clone(),
            at: self.clock.now(),
            author: Author::Customer,
            author_name: String::new(),
            body: text.into(),
            form: None,
            checkpoint: None,
            run: None,
            data: None,
            leaves: false,
        };
        self.engine.accept_message(Incoming { conversation, customer }, message).await.unwrap().run
    }

    pub fn start(&self, workflow: &str) -> StartRun {
        StartRun {
            workspace: WORKSPACE.into(),
            workflow: workflow.into(),
            version: None,
            input: json!({}),
            customer: None,
            conversation: None,
            trigger: json!({ "type": "api" }),
            started_by: None,
            idempotency: None,
            wait: Some(PATIENCE),
        }
    }

    pub async fn run(&self, id: &str) -> RunRow {
        self.store.get_run(WORKSPACE, id).await.unwrap().expect("the run exists")
    }

    /// Waits, on the change feed, until the run is as wanted.
    pub async fn until(&self, run: &str, wanted: impl Fn(&RunRow) -> bool) -> RunRow {
        let mut changes = self.store.subscribe();
        let waiting = async {
            loop {
                let row = self.run(run).await;
                if wanted(&row) {
                    return row;
                }
                // A lagging feed means that something changed: look again.
                drop(changes.recv().await);
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(row) => row,
            Err(_) => panic!("the run never got there: {:?}", self.run(run).await),
        }
    }

    pub async fn until_waiting_for(&self, run: &str, what: &str) -> CheckpointRow {
        let what: WaitingFor = what.parse().unwrap();
        self.until(run, |row| row.waiting_for == Some(what)).await;
        self.open_checkpoint(run).await
    }

    pub async fn until_over(&self, run: &str) -> RunRow {
        self.until(run, |row| row.status.is_final()).await
    }

    pub async fn open_checkpoint(&self, run: &str) -> CheckpointRow {
        let filter = CheckpointFilter {
            status: Some(CheckpointStatus::Open),
            run: Some(run.into()),
            ..CheckpointFilter::default()
        };
        let page = PageRequest { after: None, limit: 10 };
        let mut rows = self.store.list_checkpoints(WORKSPACE, &filter, &page).await.unwrap().items;
        assert_eq!(rows.len(), 1, "one open checkpoint: {rows:?}");
        rows.remove(0)
    }

    /// Lets the clock run, a hundred times as fast as any other, until what is given back is dropped.
    pub fn hasten(&self) -> JoinSet<()> {
        let (clock, mut running) = (Arc::clone(&self.clock), JoinSet::new());
        running.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            loop {
                ticks.tick().await;
                clock.advance(100);
            }
        });
        running
    }

    pub async fn log(&self, run: &str) -> Vec<LogEntry> {
        self.engine.load(WORKSPACE, run).await.unwrap().log
    }

    pub async fn history(&self, run: &str) -> Vec<StepExecution> {
        let loaded = self.engine.load(WORKSPACE, run).await.unwrap();
        history(&loaded.version, &loaded.log)
    }

    pub async fn messages(&self, conversation: &str) -> Vec<MessageRow> {
        self.store.list_messages(WORKSPACE, conversation, 0, 100).await.unwrap()
    }

    /// The sandbox's own records.
    pub async fn outside(&self, path: &str) -> Value {
        self.http.get(format!("{}{path}", self.sandbox.url())).send().await.unwrap().json().await.unwrap()
    }

    pub async fn fault(&self, fault: Value) {
        let answer = self.http.post(format!("{}/_/faults", self.sandbox.url())).json(&fault).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }

    /// How often an operation was received and how often it changed the world.
    pub async fn count(&self, operation: &str) -> (u64, u64) {
        let counts = self.outside("/_/counts").await;
        let count = |field: &str| counts[operation][field].as_u64().unwrap_or(0);
        (count("received"), count("executed"))
    }
}

async fn engine(store: &Store, clock: &Arc<TestClock>, config: EngineConfig) -> Engine {
    let parts = EngineParts {
        store: store.clone(),
        registry: Registry::built_in().unwrap(),
        outbound: Outbound::with_private(),
        vault: Vault::new([7; 32]),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    };
    Engine::start(parts, config).await.unwrap()
}

pub fn person(id: &str, roles: &[&str]) -> Actor {
    Actor {
        id: id.into(),
        name: id.into(),
        email: format!("{id}@example.com"),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        via: Via::Portal,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    }
}

pub fn customer() -> Actor {
    Actor { via: Via::Conversation, ..person("visitor", &[]) }
}

pub fn path_of(history: &[StepExecution]) -> Vec<&str> {
    history.iter().map(|step| step.step.as_str()).collect()
}

pub fn status(row: &RunRow) -> RunStatus {
    row.status
}

pub fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}
