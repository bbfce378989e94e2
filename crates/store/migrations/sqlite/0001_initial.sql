-- Ids are text, times are milliseconds since the epoch, JSON is text, booleans are 0 and 1.
-- Keys of what runs touch begin with the id: it tells rows apart soonest, and is what hot statements look for.

CREATE TABLE workspaces (
  id TEXT NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  policy TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
  workspace TEXT NOT NULL,
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  "groups" TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- Shut out of this workspace only: the account itself belongs to nobody's workspace.
  disabled_at INTEGER,
  PRIMARY KEY (workspace, user_id)
) STRICT;
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE sessions (
  token_hash TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_keys (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  key_hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  "groups" TEXT NOT NULL,
  may_decide INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER,
  PRIMARY KEY (workspace, id)
) STRICT;

CREATE TABLE one_time_tokens (
  token_hash TEXT NOT NULL PRIMARY KEY,
  purpose TEXT NOT NULL,
  workspace TEXT NOT NULL,
  user_id TEXT,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_at);

CREATE TABLE workflows (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  draft TEXT NOT NULL,
  draft_revision INTEGER NOT NULL,
  draft_updated_at INTEGER NOT NULL,
  draft_updated_by TEXT,
  active_version INTEGER,
  last_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  archived_at INTEGER,
  -- Which version a new run takes: grows with every move of it, and a start is written only on the one it was decided on.
  pointer_revision INTEGER NOT NULL DEFAULT 0,
  ramp_version INTEGER,
  ramp_percent INTEGER,
  PRIMARY KEY (id, workspace)
) STRICT;
CREATE UNIQUE INDEX workflows_by_name ON workflows (workspace, name) WHERE archived_at IS NULL;

CREATE TABLE workflow_versions (
  workspace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL,
  hash TEXT NOT NULL,
  -- JSON list: the kinds of its triggers, each once.
  triggers TEXT NOT NULL,
  message TEXT NOT NULL,
  author TEXT NOT NULL,
  detail TEXT,
  published_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, workflow, version)
) STRICT;

CREATE TABLE activations (
  workspace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  position INTEGER NOT NULL,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  "by" TEXT NOT NULL,
  kind TEXT NOT NULL,
  percent INTEGER,
  -- Why the pointer was moved; NULL where the version's own message says it.
  message TEXT,
  took_us INTEGER,
  PRIMARY KEY (workspace, workflow, position)
) STRICT;

CREATE TABLE test_cases (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  last_result TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX test_cases_by_workflow ON test_cases (workspace, workflow, name);

CREATE TABLE triggers (
  workspace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  definition TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  token_hash TEXT,
  token_sealed TEXT NOT NULL,
  secret_sealed TEXT NOT NULL,
  next_at INTEGER,
  last_at INTEGER,
  PRIMARY KEY (workspace, workflow, id)
) STRICT;
CREATE UNIQUE INDEX triggers_by_token ON triggers (workspace, token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX triggers_off ON triggers (workspace, workflow, id) WHERE enabled = 0;
CREATE INDEX triggers_due ON triggers (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE inbound (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  source TEXT NOT NULL,
  dedup TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  status TEXT NOT NULL,
  outcome TEXT,
  run TEXT,
  error TEXT,
  done_at INTEGER,
  rank INTEGER NOT NULL,
  wanted_by TEXT,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE UNIQUE INDEX inbound_by_dedup ON inbound (workspace, source, dedup);
CREATE INDEX inbound_by_time ON inbound (workspace, at, id);
CREATE INDEX inbound_by_source ON inbound (workspace, source, at, id);
CREATE INDEX inbound_by_trigger ON inbound (workspace, wanted_by, at, id) WHERE wanted_by IS NOT NULL;
CREATE INDEX inbound_in_turn ON inbound (workspace, source, rank, at, id) WHERE status = 'waiting';
CREATE INDEX inbound_due ON inbound (due_at) WHERE status = 'waiting';
CREATE INDEX inbound_by_age ON inbound (done_at) WHERE done_at IS NOT NULL;

-- What people are to be told and no step waits for: written with what caused it, sent by whoever takes it.
CREATE TABLE outbound (
  workspace TEXT NOT NULL,
  -- Of what is told to whom, by what and why: the same thing is there once.
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  checkpoint TEXT NOT NULL,
  person TEXT,
  channel TEXT,
  address TEXT,
  about TEXT,
  at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  -- Whether somebody took it and did not say yet what came of it; how often nobody ever said.
  under_way INTEGER NOT NULL,
  doubts INTEGER NOT NULL,
  status TEXT NOT NULL,
  outcome TEXT,
  provider_id TEXT,
  error TEXT,
  done_at INTEGER,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX outbound_by_checkpoint ON outbound (workspace, checkpoint, at, id);
CREATE INDEX outbound_due ON outbound (due_at) WHERE status = 'waiting';
CREATE INDEX outbound_by_age ON outbound (done_at) WHERE done_at IS NOT NULL;

-- With which one person may decide one checkpoint as it was shown, without signing in.
CREATE TABLE links (
  token_hash TEXT NOT NULL,
  workspace TEXT NOT NULL,
  checkpoint TEXT NOT NULL,
  person TEXT NOT NULL,
  shown TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (token_hash, workspace)
) STRICT;
CREATE INDEX links_by_expiry ON links (expires_at);

-- With which a customer fills in one form on a page, where their channel has no forms.
CREATE TABLE form_links (
  token_hash TEXT NOT NULL,
  workspace TEXT NOT NULL,
  checkpoint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (token_hash, workspace)
) STRICT;
CREATE INDEX form_links_by_expiry ON form_links (expires_at);

-- Over which channels people are told, and when not.
CREATE TABLE notification_settings (
  workspace TEXT NOT NULL,
  user_id TEXT NOT NULL,
  settings TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, user_id)
) STRICT;

CREATE TABLE runs (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  step TEXT,
  step_kind TEXT,
  waiting_for TEXT,
  seq INTEGER NOT NULL,
  customer TEXT,
  conversation TEXT,
  "trigger" TEXT NOT NULL,
  title TEXT NOT NULL,
  started_by TEXT,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER,
  wake_at INTEGER,
  node TEXT,
  error_code TEXT,
  error_message TEXT,
  output TEXT,
  retry_of TEXT,
  failed_step TEXT,
  failed_message TEXT,
  PRIMARY KEY (id, workspace)
) STRICT;
-- Lists are read one status at a time and merged, so these two serve every list and every count.
CREATE INDEX runs_by_status ON runs (workspace, status, started_at, id);
CREATE INDEX runs_by_workflow ON runs (workspace, workflow, status, started_at, id, version);
CREATE INDEX runs_by_customer ON runs (workspace, customer, started_at, id) WHERE customer IS NOT NULL;
CREATE INDEX runs_by_conversation ON runs (workspace, conversation, started_at, id) WHERE conversation IS NOT NULL;
CREATE INDEX runs_by_error ON runs (workspace, error_code, started_at, id) WHERE error_code IS NOT NULL;
-- What came of starts by people and the API, for their triggers.
CREATE INDEX runs_by_hand ON runs (workspace, workflow, "trigger", started_at, id)
  WHERE "trigger" IN ('api', 'manual') AND retry_of IS NULL;
CREATE INDEX runs_due ON runs (wake_at) WHERE wake_at IS NOT NULL;
-- Without the node, which changes while a run moves.
CREATE INDEX runs_running ON runs (id, workspace) WHERE status = 'running';

-- Filters of the runs list that a person keeps under a name.
CREATE TABLE saved_views (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  search TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE UNIQUE INDEX saved_views_by_name ON saved_views (workspace, user_id, name);

-- What a step or a trigger of a workflow is tried with.
CREATE TABLE samples (
  workspace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  place TEXT NOT NULL,
  value TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  kept_by TEXT NOT NULL,
  PRIMARY KEY (workspace, workflow, place)
) STRICT;

-- Texts that operators reply with.
CREATE TABLE canned_replies (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE UNIQUE INDEX canned_replies_by_name ON canned_replies (workspace, name);

-- Who decides for whom, and who is away.
CREATE TABLE delegations (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  from_user TEXT NOT NULL,
  -- NULL: they are away and nobody decides for them.
  to_user TEXT,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  away INTEGER NOT NULL,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX delegations_by_end ON delegations (workspace, ends_at);

-- What people allowed in advance. Its use of a day is counted here, before the decision.
CREATE TABLE standing_approvals (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  step TEXT NOT NULL,
  -- SHA-256 hex of what may be done by it.
  bound_to TEXT NOT NULL,
  granted_by TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  -- A JSON number.
  amount_max TEXT NOT NULL,
  per_day INTEGER NOT NULL,
  reason TEXT NOT NULL,
  -- The last day (UTC, since the epoch) it was used on, how often then, and in all.
  day INTEGER NOT NULL,
  used_that_day INTEGER NOT NULL,
  used INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX standing_approvals_by_step ON standing_approvals (workspace, workflow, step, until);

CREATE TABLE run_events (
  workspace TEXT NOT NULL,
  run TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  events TEXT NOT NULL,
  PRIMARY KEY (run, seq, workspace)
) STRICT;

CREATE TABLE step_executions (
  workspace TEXT NOT NULL,
  run TEXT NOT NULL,
  visit INTEGER NOT NULL,
  call INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  step TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL,
  action TEXT,
  input TEXT,
  output TEXT,
  error_code TEXT,
  error_message TEXT,
  detail TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (run, visit, call, attempt, workspace)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  run TEXT NOT NULL,
  workflow TEXT NOT NULL,
  version INTEGER NOT NULL,
  step TEXT NOT NULL,
  visit INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  title TEXT NOT NULL,
  customer TEXT,
  conversation TEXT,
  payload TEXT NOT NULL,
  assigned_to TEXT,
  opened_at INTEGER NOT NULL,
  due_at INTEGER,
  outcome TEXT,
  decided_at INTEGER,
  decided_by TEXT,
  via TEXT,
  comment TEXT,
  -- Whom it asks, by what they are; and while it is open the hash of that, the same for whatever asks the same people.
  asks TEXT,
  audience TEXT,
  barred TEXT NOT NULL,
  words TEXT NOT NULL,
  -- What the customer filled in of an open form and has not sent.
  draft TEXT,
  PRIMARY KEY (id, workspace)
) STRICT;
-- Lists are read a kind at a time and merged: many open forms hide no approval.
CREATE INDEX checkpoints_by_status ON checkpoints (workspace, status, kind, opened_at, id);
CREATE INDEX checkpoints_by_decision ON checkpoints (workspace, status, kind, decided_at, id)
  WHERE decided_at IS NOT NULL;
-- An inbox is read an audience at a time and merged.
CREATE INDEX checkpoints_by_audience ON checkpoints (workspace, audience, opened_at, id, assigned_to)
  WHERE audience IS NOT NULL;
CREATE INDEX checkpoints_taken ON checkpoints (workspace, assigned_to, opened_at, id)
  WHERE status = 'open' AND assigned_to IS NOT NULL;
CREATE INDEX checkpoints_by_run ON checkpoints (workspace, run);
CREATE INDEX checkpoints_by_customer ON checkpoints (workspace, customer, opened_at, id) WHERE customer IS NOT NULL;

CREATE TABLE customers (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  external_id TEXT,
  name TEXT NOT NULL,
  email TEXT,
  phone TEXT,
  telegram TEXT,
  data TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- The customer this one turned out to be. What is theirs keeps their id, and is read as the other's.
  merged_into TEXT,
  -- How often somebody was made this customer: who reads and then merges notices that another did.
  merges INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE UNIQUE INDEX customers_by_external_id ON customers (workspace, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX customers_by_email ON customers (workspace, email, created_at, id);
CREATE INDEX customers_by_phone ON customers (workspace, phone, created_at, id);
CREATE INDEX customers_by_telegram ON customers (workspace, telegram, created_at, id);
CREATE INDEX customers_by_age ON customers (workspace, created_at, id);
CREATE INDEX customers_merged ON customers (workspace, merged_into) WHERE merged_into IS NOT NULL;

-- Who said that two customers are one, and who took it back.
CREATE TABLE customer_merges (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  kept TEXT NOT NULL,
  merged TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  merged_by TEXT NOT NULL,
  undone_at INTEGER,
  undone_by TEXT,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX customer_merges_by_kept ON customer_merges (workspace, kept, at);

-- Whether an address of a channel wants messages; one that is not here does.
CREATE TABLE consents (
  workspace TEXT NOT NULL,
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  opted_out INTEGER NOT NULL,
  at INTEGER NOT NULL,
  how TEXT NOT NULL,
  message TEXT,
  told_to TEXT,
  reason TEXT NOT NULL,
  PRIMARY KEY (workspace, channel, address)
) STRICT;

-- With which the reader of a mail says that they want no more; it lives as long as the mail.
CREATE TABLE unsubscribe_links (
  token_hash TEXT NOT NULL,
  workspace TEXT NOT NULL,
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (token_hash, workspace)
) STRICT;

CREATE TABLE conversations (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  customer TEXT,
  channel TEXT NOT NULL,
  channel_account TEXT,
  external_id TEXT,
  subject TEXT,
  status TEXT NOT NULL,
  token_hash TEXT,
  assigned_to TEXT,
  last_position INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_message_at INTEGER,
  unanswered_since INTEGER,
  snoozed_until INTEGER,
  PRIMARY KEY (id, workspace)
) STRICT;
CREATE UNIQUE INDEX conversations_by_token ON conversations (token_hash, workspace) WHERE token_hash IS NOT NULL;
CREATE UNIQUE INDEX conversations_by_external_id ON conversations (workspace, channel, external_id, channel_account)
  WHERE external_id IS NOT NULL;
CREATE INDEX conversations_by_activity ON conversations (workspace, status, updated_at, id);
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX conversations_unanswered ON conversations (workspace, updated_at, id) WHERE unanswered_since IS NOT NULL;
CREATE INDEX conversations_by_customer ON conversations (workspace, customer, updated_at, id);

CREATE TABLE messages (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  conversation TEXT NOT NULL,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  author TEXT NOT NULL,
  author_name TEXT NOT NULL,
  body TEXT NOT NULL,
  form TEXT,
  checkpoint TEXT,
  run TEXT,
  delivery TEXT,
  data TEXT,
  -- It is to be sent by the channel of its conversation.
  send_at INTEGER,
  PRIMARY KEY (id, workspace)
) STRICT;
CREATE INDEX messages_to_send ON messages (send_at) WHERE send_at IS NOT NULL;
CREATE INDEX messages_unsent ON messages (workspace, conversation, position) WHERE send_at IS NOT NULL;
CREATE UNIQUE INDEX messages_by_position ON messages (workspace, conversation, position);

-- What the providers call our messages: by account, address and their id.
CREATE TABLE message_refs (
  workspace TEXT NOT NULL,
  reference TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (workspace, reference)
) STRICT;

CREATE TABLE notes (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX notes_by_subject ON notes (workspace, subject, at);

CREATE TABLE connections (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  connector TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  sealed TEXT NOT NULL,
  health TEXT NOT NULL,
  used TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE UNIQUE INDEX connections_by_name ON connections (workspace, connector, name);

-- Access tokens (OAuth 2.0) of connections, apart from them: a refresh is no change of the account.
CREATE TABLE connection_tokens (
  workspace TEXT NOT NULL,
  connection TEXT NOT NULL,
  granted TEXT NOT NULL,
  client TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  sealed TEXT NOT NULL,
  seq INTEGER NOT NULL,
  expires_at INTEGER,
  scope TEXT NOT NULL,
  connected_at INTEGER NOT NULL,
  connected_by TEXT NOT NULL,
  refreshed_at INTEGER NOT NULL,
  lease TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  doubts INTEGER NOT NULL,
  PRIMARY KEY (workspace, connection)
) STRICT;
CREATE INDEX connection_tokens_by_end ON connection_tokens (expires_at, workspace, connection);

-- People who are on their way to agree at a service's page: each state is taken once.
CREATE TABLE authorizations (
  workspace TEXT NOT NULL,
  state_hash TEXT NOT NULL,
  connection TEXT NOT NULL,
  person TEXT NOT NULL,
  session TEXT NOT NULL,
  sealed TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, state_hash)
) STRICT;

-- Manifests never change; a version names the revisions it was published with. Those that come with the executable are
-- kept here too once a version uses them.
CREATE TABLE connector_revisions (
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  hash TEXT NOT NULL,
  manifest TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (workspace, name, revision)
) STRICT;

-- The connectors a workspace brought, and the revision new versions are published with.
CREATE TABLE connectors (
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, name)
) STRICT;

CREATE TABLE channel_accounts (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  channel TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  sealed TEXT NOT NULL,
  health TEXT NOT NULL,
  heard_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE UNIQUE INDEX channel_accounts_by_name ON channel_accounts (workspace, channel, name);

-- The key that credentials are sealed with, itself sealed with the key outside the database.
CREATE TABLE vault_keys (
  id TEXT NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  rotated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE nodes (
  id TEXT NOT NULL PRIMARY KEY,
  started_at INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL,
  address TEXT NOT NULL
) STRICT;

CREATE TABLE idempotency (
  workspace TEXT NOT NULL,
  scope TEXT NOT NULL,
  "key" TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  response_status INTEGER,
  response_body TEXT,
  run TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, scope, "key")
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE audit (
  workspace TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  via TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  -- Of a decision: the signature of the workspace over the entry.
  receipt TEXT,
  PRIMARY KEY (workspace, seq)
) STRICT;
CREATE INDEX audit_by_subject ON audit (workspace, subject, seq);
CREATE INDEX audit_by_actor ON audit (workspace, actor, seq);

-- The end of each chain: what the next entry links to, and how a cut-off end is noticed.
CREATE TABLE audit_heads (
  workspace TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
