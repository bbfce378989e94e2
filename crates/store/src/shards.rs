//! What a statement may do so that the tables can be spread over several databases by workspace (Citus). Every statement of
//! the operations is looked at where it is run, in debug builds: so every test is a test of this.

use std::collections::BTreeSet;

use crate::sql::NOW_MS;

/// Tables that are small and asked across workspaces: they stay in one place.
const UNDIVIDED: [&str; 9] = [
    "workspaces",
    "users",
    "memberships",
    "sessions",
    "api_keys",
    "one_time_tokens",
    "vault_keys",
    "nodes",
    "schema_migrations",
];

/// Tables that are divided by their column `workspace`.
pub(crate) const DIVIDED: [&str; 36] = [
    "workflows",
    "workflow_versions",
    "activations",
    "test_cases",
    "triggers",
    "samples",
    "inbound",
    "outbound",
    "links",
    "form_links",
    "notification_settings",
    "runs",
    "saved_views",
    "canned_replies",
    "delegations",
    "standing_approvals",
    "run_events",
    "step_executions",
    "checkpoints",
    "customers",
    "customer_merges",
    "consents",
    "unsubscribe_links",
    "conversations",
    "messages",
    "message_refs",
    "notes",
    "connections",
    "connection_tokens",
    "authorizations",
    "connectors",
    "connector_revisions",
    "channel_accounts",
    "idempotency",
    "audit",
    "audit_heads",
];

/// The statements across workspaces, from their table on, with `NOW` for the time of the database. They belong to the
/// engine's loops, to secrets that tell the workspace, to cleaning up, and to the heads of the audit chains in the log.
const ACROSS: &[&str] = &[
    "FROM channel_accounts WHERE id = ?1",
    "FROM channel_accounts WHERE channel = ?1 ORDER BY workspace, name LIMIT 10000",
    "FROM checkpoints WHERE id = ?1",
    "FROM conversations WHERE token_hash = ?1",
    "FROM conversations WHERE snoozed_until <= ?1 ORDER BY snoozed_until LIMIT ?2",
    "FROM runs WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2",
    "FROM runs WHERE wake_at IS NOT NULL",
    "FROM runs WHERE status = 'running' ORDER BY id, workspace LIMIT ?1",
    "FROM runs WHERE status = 'running' AND node = ?1 ORDER BY id, workspace LIMIT ?2",
    "FROM runs WHERE status = 'running' AND id > ?1 ORDER BY id, workspace LIMIT ?2",
    "FROM runs WHERE status = 'running' AND node = ?1 AND id > ?2 ORDER BY id, workspace LIMIT ?3",
    "FROM runs WHERE status = 'running' AND node <> ?1 ORDER BY node LIMIT ?2",
    "FROM runs WHERE status = 'running' AND node = ?1 ORDER BY workspace LIMIT ?2",
    "FROM runs WHERE status = 'running' AND node IS NULL ORDER BY workspace LIMIT ?1",
    "FROM triggers WHERE next_at IS NOT NULL",
    "FROM triggers WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2",
    "FROM inbound WHERE status = 'waiting' AND due_at <= NOW ORDER BY due_at LIMIT ?1",
    "FROM messages AS due WHERE send_at <= NOW AND NOT EXISTS (SELECT 1 FROM messages AS earlier \
     WHERE earlier.workspace = due.workspace AND earlier.conversation = due.conversation \
     AND earlier.position < due.position AND earlier.send_at IS NOT NULL) ORDER BY send_at LIMIT ?1",
    "FROM (SELECT 1 FROM inbound WHERE status = 'waiting' LIMIT ?1) AS waiting",
    "UPDATE inbound SET due_at = 0 WHERE status = 'waiting'",
    "DELETE FROM inbound WHERE done_at < ?1",
    "FROM outbound WHERE status = 'waiting' AND due_at <= NOW ORDER BY due_at LIMIT ?1",
    "FROM (SELECT 1 FROM outbound WHERE status = 'waiting' LIMIT ?1) AS waiting",
    "UPDATE outbound SET due_at = 0 WHERE status = 'waiting' AND attempts > 0",
    "DELETE FROM outbound WHERE done_at < ?1",
    "FROM links WHERE token_hash = ?1",
    "DELETE FROM links WHERE expires_at < ?1",
    "FROM form_links WHERE token_hash = ?1",
    "DELETE FROM form_links WHERE expires_at < ?1",
    "FROM unsubscribe_links WHERE token_hash = ?1",
    "DELETE FROM idempotency WHERE created_at < ?1",
    "FROM connection_tokens WHERE status = 'connected' AND sealed <> '' AND expires_at < ?1 AND lease_until <= ?2 \
     AND (expires_at, workspace, connection) > (?3, ?4, ?5) ORDER BY expires_at, workspace, connection LIMIT ?6",
    "FROM audit_heads WHERE seq > 0 ORDER BY workspace LIMIT ?1",
];

/// Functions that may say something else on each database or row.
const VOLATILE: [&str; 5] = ["clock_timestamp", "random", "gen_random_uuid", "nextval", "timeofday"];

/// Why a statement would not run on divided tables; `None` when it would.
pub(crate) fn objection(sql: &str) -> Option<String> {
    let words: Vec<&str> = words(sql).collect();
    let tables = tables(&words);
    let about = |what: &str| Some(format!("{what}: {sql} (the rules are in store/src/shards.rs)"));
    if changes(&words) && VOLATILE.iter().any(|name| words.iter().any(|word| word.eq_ignore_ascii_case(name))) {
        return about("a volatile function in a change");
    }
    let divided = tables.iter().filter(|table| DIVIDED.contains(table)).count();
    if divided == 0 {
        return None;
    }
    if divided < tables.len() {
        return about("a divided table beside one that is not");
    }
    if names_workspace(&words) {
        return many(sql, &words).and_then(about);
    }
    let sql_now = sql.replace(NOW_MS, "NOW");
    if !ACROSS.iter().any(|allowed| sql_now.trim_end().ends_with(allowed)) {
        return about("no workspace is named");
    }
    if tables.len() > 1 {
        return about("across workspaces about more than one table");
    }
    locks(&words).then(|| about("a lock across workspaces")).flatten()
}

fn locks(words: &[&str]) -> bool {
    words.windows(2).any(|pair| pair[0] == "FOR" && matches!(pair[1], "UPDATE" | "SHARE"))
}

/// Why a lock or a change is not of one workspace only: it must say `workspace = ?n`. A list of workspaces, a join that gives
/// them, or `IS NOT DISTINCT FROM` is a statement for all shards; so is a change by what a function gives.
fn many(sql: &str, words: &[&str]) -> Option<&'static str> {
    let change = matches!(words.first(), Some(&("UPDATE" | "DELETE")));
    let one = sql.replace('"', "").contains("workspace = ?");
    if locks(words) && (!one || words.contains(&"unnest") || words.contains(&"JOIN")) {
        return Some("a lock that is not of one workspace");
    }
    (change && (!one || words.contains(&"unnest"))).then_some("a change that is not of one workspace")
}

/// Names, keywords and signs; quotes around names are left out.
fn words(sql: &str) -> impl Iterator<Item = &str> {
    let sign = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '=' | '<' | '>'));
    sql.split(sign).filter(|word| !word.is_empty())
}

fn tables<'a>(words: &[&'a str]) -> BTreeSet<&'a str> {
    let known = |word: &&&str| DIVIDED.contains(*word) || UNDIVIDED.contains(*word);
    let after = |pair: &[&'a str]| matches!(pair[0], "FROM" | "JOIN" | "INTO" | "UPDATE").then_some(pair[1]);
    words.windows(2).filter_map(after).filter(|word| known(&word)).collect()
}

/// Whether rows that exist are changed by more than their key and plain values.
fn changes(words: &[&str]) -> bool {
    words.iter().any(|word| matches!(*word, "SET" | "DELETE"))
}

/// `workspace = …`, `workspace IS NOT DISTINCT FROM …`, `workspace IN (…)`, or a column of what is inserted.
fn names_workspace(words: &[&str]) -> bool {
    let compared = words.windows(2).any(|pair| pair[0] == "workspace" && matches!(pair[1], "=" | "IS" | "IN"));
    compared || (words.first() == Some(&"INSERT") && words.contains(&"workspace"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SCHEMA: &str = include_str!("../migrations/postgres/0001_initial.sql");

    /// Name and text of every table.
    fn schema() -> Vec<(&'static str, &'static str)> {
        let table =
            |part: &'static str| part.split_once(" (").map(|(name, rest)| (name, rest.split(";").next().unwrap()));
        SCHEMA.split("CREATE TABLE ").skip(1).filter_map(table).collect()
    }

    #[test]
    fn every_table_is_divided_or_not() {
        for (name, text) in schema() {
            let has_workspace = text.lines().any(|line| line.trim_start().starts_with("workspace "));
            assert!(
                DIVIDED.contains(&name) != UNDIVIDED.contains(&name),
                "{name} is in neither list of shards.rs, or both"
            );
            assert!(has_workspace || !DIVIDED.contains(&name), "{name}");
        }
        let known = |name: &&str| schema().iter().any(|(table, _)| table == name);
        assert!(DIVIDED.iter().all(known));
    }

    /// Whoever divides the tables by what the chapter says divides all of them.
    #[test]
    fn the_chapter_names_every_divided_table() {
        let chapter = include_str!("../../../docs/OPERATING.md");
        let (_, chapter) = chapter.split_once("## Beyond one PostgreSQL").unwrap();
        let (_, list) = chapter.split_once("for table in ").unwrap();
        let list = list.split(';').next().unwrap().replace('\\', " ");
        let mut named: Vec<&str> = list.split_whitespace().chain(["runs"]).collect();
        let mut divided = DIVIDED.to_vec();
        named.sort_unstable();
        divided.sort_unstable();
        assert_eq!(named, divided);
    }

    #[test]
    fn every_unique_index_of_a_divided_table_has_the_workspace() {
        let names = |columns: &str| words(columns).any(|word| word == "workspace");
        let mut looked_at = 0;
        for (name, text) in schema().into_iter().filter(|(name, _)| DIVIDED.contains(name)) {
            for line in text.lines().filter(|line| line.contains("PRIMARY KEY") || line.contains("UNIQUE")) {
                // Beside a column it is of that column alone.
                let good = line.split_once('(').is_some_and(|(_, columns)| names(columns))
                    || line.trim_start().starts_with("workspace ");
                assert!(good, "{name}: {line}");
                looked_at += 1;
            }
        }
        for index in SCHEMA.split("CREATE UNIQUE INDEX ").skip(1) {
            let (_, on) = index.split_once(" ON ").unwrap();
            let (table, columns) = on.split_once(" (").unwrap();
            let columns = columns.split(')').next().unwrap();
            assert!(!DIVIDED.contains(&table) || names(columns), "{table}: {columns}");
            looked_at += 1;
        }
        assert!(looked_at > 20, "{looked_at}");
    }

    #[test]
    fn statements_across_workspaces_are_about_one_table_and_lock_nothing() {
        for allowed in ACROSS {
            let sql = format!("SELECT x {allowed}");
            assert_eq!(objection(sql.trim_start_matches("SELECT x ")), None, "{allowed}");
        }
    }

    #[test]
    fn the_group_writer_keeps_the_rules() {
        for sql in crate::postgres::group_statements() {
            assert_eq!(objection(&sql), None);
        }
    }

    #[test]
    fn what_would_not_run_is_told() {
        for (bad, why) in [
            ("SELECT a FROM runs WHERE id = ?1", "no workspace"),
            ("SELECT a FROM runs WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2 FOR UPDATE SKIP LOCKED", "no workspace"),
            ("UPDATE runs SET node = ?1 WHERE status = 'running'", "no workspace"),
            (
                "SELECT a FROM runs WHERE workspace = ?1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = runs.node)",
                "beside one",
            ),
            // As the group writer does on one PostgreSQL.
            (
                "SELECT t.id FROM unnest(?1::text[], ?2::text[]) AS k (w, i) JOIN runs AS t ON t.id = k.i \
                 AND t.workspace IS NOT DISTINCT FROM k.w ORDER BY t.workspace, t.id FOR UPDATE OF t",
                "a lock that",
            ),
            ("SELECT seq FROM audit_heads WHERE workspace IN (?1, ?2) FOR UPDATE", "a lock that"),
            (
                "UPDATE runs AS t SET seq = u.seq FROM unnest(?1::text[], ?2::bigint[]) AS u (workspace, seq) \
                 WHERE t.workspace = u.workspace",
                "a change that",
            ),
            ("DELETE FROM messages WHERE workspace IN (?1, ?2)", "a change that"),
            (
                "INSERT INTO nodes (id, heartbeat_at) VALUES (?1, ?2) \
                 ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()",
                "volatile",
            ),
        ] {
            let objection = objection(bad).unwrap_or_default();
            assert!(objection.starts_with(why) || objection.contains(why), "{bad}: {objection:?}");
        }
        for good in [
            "SELECT a FROM nodes WHERE id <> ?1 FOR SHARE SKIP LOCKED",
            "SELECT a FROM memberships AS m JOIN users AS u ON u.id = m.user_id WHERE m.workspace = ?1",
            "SELECT a FROM runs WHERE id = ?2 AND workspace IS NOT DISTINCT FROM ?1",
            "INSERT INTO runs (id, workspace) VALUES (?1, ?2)",
            "UPDATE \"runs\" SET \"node\" = ?1 WHERE \"workspace\" = ?2",
            "SELECT t.id FROM runs AS t WHERE t.workspace = ?1 AND t.id = ?2 FOR UPDATE",
        ] {
            assert_eq!(objection(good), None);
        }
    }
}
