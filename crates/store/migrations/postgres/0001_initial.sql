-- Ids are text, times are milliseconds since the epoch, JSON is text, booleans are 0 and 1.
-- Keys of what runs touch begin with the id: it tells rows apart soonest, and is what hot statements look for.
-- Collation "C" keeps order and lower() the same as in SQLite, and comparisons cheap.

CREATE TABLE workspaces (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  slug TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  policy TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE users (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  email TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  password_hash TEXT COLLATE "C",
  created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
  workspace TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  "groups" TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  -- Shut out of this workspace only: the account itself belongs to nobody's workspace.
  disabled_at BIGINT,
  PRIMARY KEY (workspace, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE sessions (
  token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_keys (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  prefix TEXT COLLATE "C" NOT NULL,
  key_hash TEXT COLLATE "C" NOT NULL UNIQUE,
  role TEXT COLLATE "C" NOT NULL,
  "groups" TEXT COLLATE "C" NOT NULL,
  may_decide BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT,
  revoked_at BIGINT,
  PRIMARY KEY (workspace, id)
);

CREATE TABLE one_time_tokens (
  token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  purpose TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C",
  payload TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_at);

CREATE TABLE workflows (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  draft TEXT COLLATE "C" NOT NULL,
  draft_revision BIGINT NOT NULL,
  draft_updated_at BIGINT NOT NULL,
  draft_updated_by TEXT COLLATE "C",
  active_version BIGINT,
  last_version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  archived_at BIGINT,
  -- Which version a new run takes: grows with every move of it, and a start is written only on the one it was decided on.
  pointer_revision BIGINT NOT NULL DEFAULT 0,
  ramp_version BIGINT,
  ramp_percent BIGINT,
  PRIMARY KEY (id, workspace)
);
CREATE UNIQUE INDEX workflows_by_name ON workflows (workspace, name) WHERE archived_at IS NULL;

CREATE TABLE workflow_versions (
  workspace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  hash TEXT COLLATE "C" NOT NULL,
  -- JSON list: the kinds of its triggers, each once.
  triggers TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  detail TEXT COLLATE "C",
  published_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, workflow, version)
);

CREATE TABLE activations (
  workspace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  "by" TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  percent BIGINT,
  -- Why the pointer was moved; NULL where the version's own message says it.
  message TEXT COLLATE "C",
  took_us BIGINT,
  PRIMARY KEY (workspace, workflow, position)
);

CREATE TABLE test_cases (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  last_result TEXT COLLATE "C",
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE INDEX test_cases_by_workflow ON test_cases (workspace, workflow, name);

CREATE TABLE triggers (
  workspace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  definition TEXT COLLATE "C" NOT NULL,
  enabled BIGINT NOT NULL,
  token_hash TEXT COLLATE "C",
  token_sealed TEXT COLLATE "C" NOT NULL,
  secret_sealed TEXT COLLATE "C" NOT NULL,
  next_at BIGINT,
  last_at BIGINT,
  PRIMARY KEY (workspace, workflow, id)
);
CREATE UNIQUE INDEX triggers_by_token ON triggers (workspace, token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX triggers_off ON triggers (workspace, workflow, id) WHERE enabled = 0;
CREATE INDEX triggers_due ON triggers (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE inbound (
  workspace TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL,
  dedup TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  payload TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C",
  run TEXT COLLATE "C",
  error TEXT COLLATE "C",
  done_at BIGINT,
  rank BIGINT NOT NULL,
  wanted_by TEXT,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX inbound_by_dedup ON inbound (workspace, source, dedup);
CREATE INDEX inbound_by_time ON inbound (workspace, at, id);
CREATE INDEX inbound_by_source ON inbound (workspace, source, at, id);
CREATE INDEX inbound_by_trigger ON inbound (workspace, wanted_by, at, id) WHERE wanted_by IS NOT NULL;
CREATE INDEX inbound_in_turn ON inbound (workspace, source, rank, at, id) WHERE status = 'waiting';
CREATE INDEX inbound_due ON inbound (due_at) WHERE status = 'waiting';
CREATE INDEX inbound_by_age ON inbound (done_at) WHERE done_at IS NOT NULL;

-- What people are to be told and no step waits for: written with what caused it, sent by whoever takes it.
CREATE TABLE outbound (
  workspace TEXT COLLATE "C" NOT NULL,
  -- Of what is told to whom, by what and why: the same thing is there once.
  id TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  checkpoint TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C",
  channel TEXT COLLATE "C",
  address TEXT COLLATE "C",
  about TEXT COLLATE "C",
  at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  -- Whether somebody took it and did not say yet what came of it; how often nobody ever said.
  under_way BIGINT NOT NULL,
  doubts BIGINT NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C",
  provider_id TEXT COLLATE "C",
  error TEXT COLLATE "C",
  done_at BIGINT,
  PRIMARY KEY (workspace, id)
);
CREATE INDEX outbound_by_checkpoint ON outbound (workspace, checkpoint, at, id);
CREATE INDEX outbound_due ON outbound (due_at) WHERE status = 'waiting';
CREATE INDEX outbound_by_age ON outbound (done_at) WHERE done_at IS NOT NULL;

-- With which one person may decide one checkpoint as it was shown, without signing in.
CREATE TABLE links (
  token_hash TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  checkpoint TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  shown TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (token_hash, workspace)
);
CREATE INDEX links_by_expiry ON links (expires_at);

-- With which a customer fills in one form on a page, where their channel has no forms.
CREATE TABLE form_links (
  token_hash TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  checkpoint TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (token_hash, workspace)
);
CREATE INDEX form_links_by_expiry ON form_links (expires_at);

-- Over which channels people are told, and when not.
CREATE TABLE notification_settings (
  workspace TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL,
  settings TEXT COLLATE "C" NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, user_id)
);

CREATE TABLE runs (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  step TEXT COLLATE "C",
  step_kind TEXT COLLATE "C",
  waiting_for TEXT COLLATE "C",
  seq BIGINT NOT NULL,
  customer TEXT COLLATE "C",
  conversation TEXT COLLATE "C",
  "trigger" TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  started_by TEXT COLLATE "C",
  started_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  ended_at BIGINT,
  wake_at BIGINT,
  node TEXT COLLATE "C",
  error_code TEXT COLLATE "C",
  error_message TEXT COLLATE "C",
  output TEXT COLLATE "C",
  retry_of TEXT COLLATE "C",
  failed_step TEXT COLLATE "C",
  failed_message TEXT COLLATE "C",
  PRIMARY KEY (id, workspace)
) WITH (fillfactor = 80);
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
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  search TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX saved_views_by_name ON saved_views (workspace, user_id, name);

-- What a step or a trigger of a workflow is tried with.
CREATE TABLE samples (
  workspace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  place TEXT COLLATE "C" NOT NULL,
  value TEXT NOT NULL,
  kept_at BIGINT NOT NULL,
  kept_by TEXT NOT NULL,
  PRIMARY KEY (workspace, workflow, place)
);

-- Texts that operators reply with.
CREATE TABLE canned_replies (
  id TEXT NOT NULL,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX canned_replies_by_name ON canned_replies (workspace, name);

-- Who decides for whom, and who is away.
CREATE TABLE delegations (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  from_user TEXT COLLATE "C" NOT NULL,
  -- NULL: they are away and nobody decides for them.
  to_user TEXT COLLATE "C",
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  away BIGINT NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE INDEX delegations_by_end ON delegations (workspace, ends_at);

-- What people allowed in advance. Its use of a day is counted here, before the decision.
CREATE TABLE standing_approvals (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  step TEXT COLLATE "C" NOT NULL,
  -- SHA-256 hex of what may be done by it.
  bound_to TEXT COLLATE "C" NOT NULL,
  granted_by TEXT COLLATE "C" NOT NULL,
  granted_at BIGINT NOT NULL,
  until BIGINT NOT NULL,
  -- A JSON number.
  amount_max TEXT COLLATE "C" NOT NULL,
  per_day BIGINT NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  -- The last day (UTC, since the epoch) it was used on, how often then, and in all.
  day BIGINT NOT NULL,
  used_that_day BIGINT NOT NULL,
  used BIGINT NOT NULL,
  revoked_at BIGINT,
  PRIMARY KEY (workspace, id)
);
CREATE INDEX standing_approvals_by_step ON standing_approvals (workspace, workflow, step, until);

CREATE TABLE run_events (
  workspace TEXT COLLATE "C" NOT NULL,
  run TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  events TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (run, seq, workspace)
);

CREATE TABLE step_executions (
  workspace TEXT COLLATE "C" NOT NULL,
  run TEXT COLLATE "C" NOT NULL,
  visit BIGINT NOT NULL,
  call BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  step TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  action TEXT COLLATE "C",
  input TEXT COLLATE "C",
  output TEXT COLLATE "C",
  error_code TEXT COLLATE "C",
  error_message TEXT COLLATE "C",
  detail TEXT COLLATE "C",
  started_at BIGINT NOT NULL,
  ended_at BIGINT,
  PRIMARY KEY (run, visit, call, attempt, workspace)
);

CREATE TABLE checkpoints (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  run TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  step TEXT COLLATE "C" NOT NULL,
  visit BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  customer TEXT COLLATE "C",
  conversation TEXT COLLATE "C",
  payload TEXT COLLATE "C" NOT NULL,
  assigned_to TEXT COLLATE "C",
  opened_at BIGINT NOT NULL,
  due_at BIGINT,
  outcome TEXT COLLATE "C",
  decided_at BIGINT,
  decided_by TEXT COLLATE "C",
  via TEXT COLLATE "C",
  comment TEXT COLLATE "C",
  -- Whom it asks, by what they are; and while it is open the hash of that, the same for whatever asks the same people.
  asks TEXT COLLATE "C",
  audience TEXT COLLATE "C",
  barred TEXT COLLATE "C" NOT NULL,
  words TEXT COLLATE "C" NOT NULL,
  -- What the customer filled in of an open form and has not sent.
  draft TEXT,
  PRIMARY KEY (id, workspace)
);
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
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  external_id TEXT COLLATE "C",
  name TEXT COLLATE "C" NOT NULL,
  email TEXT COLLATE "C",
  phone TEXT COLLATE "C",
  telegram TEXT COLLATE "C",
  data TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  -- The customer this one turned out to be. What is theirs keeps their id, and is read as the other's.
  merged_into TEXT COLLATE "C",
  -- How often somebody was made this customer: who reads and then merges notices that another did.
  merges BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX customers_by_external_id ON customers (workspace, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX customers_by_email ON customers (workspace, email, created_at, id);
CREATE INDEX customers_by_phone ON customers (workspace, phone, created_at, id);
CREATE INDEX customers_by_telegram ON customers (workspace, telegram, created_at, id);
CREATE INDEX customers_by_age ON customers (workspace, created_at, id);
CREATE INDEX customers_merged ON customers (workspace, merged_into) WHERE merged_into IS NOT NULL;

-- Who said that two customers are one, and who took it back.
CREATE TABLE customer_merges (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  kept TEXT COLLATE "C" NOT NULL,
  merged TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  merged_by TEXT COLLATE "C" NOT NULL,
  undone_at BIGINT,
  undone_by TEXT COLLATE "C",
  PRIMARY KEY (workspace, id)
);
CREATE INDEX customer_merges_by_kept ON customer_merges (workspace, kept, at);

-- Whether an address of a channel wants messages; one that is not here does.
CREATE TABLE consents (
  workspace TEXT COLLATE "C" NOT NULL,
  channel TEXT COLLATE "C" NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  opted_out BIGINT NOT NULL,
  at BIGINT NOT NULL,
  how TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C",
  told_to TEXT COLLATE "C",
  reason TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace, channel, address)
);

-- With which the reader of a mail says that they want no more; it lives as long as the mail.
CREATE TABLE unsubscribe_links (
  token_hash TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  channel TEXT COLLATE "C" NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (token_hash, workspace)
);

CREATE TABLE conversations (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  customer TEXT COLLATE "C",
  channel TEXT COLLATE "C" NOT NULL,
  channel_account TEXT COLLATE "C",
  external_id TEXT COLLATE "C",
  subject TEXT COLLATE "C",
  status TEXT COLLATE "C" NOT NULL,
  token_hash TEXT COLLATE "C",
  assigned_to TEXT COLLATE "C",
  last_position BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_message_at BIGINT,
  unanswered_since BIGINT,
  snoozed_until BIGINT,
  PRIMARY KEY (id, workspace)
);
CREATE UNIQUE INDEX conversations_by_token ON conversations (token_hash, workspace) WHERE token_hash IS NOT NULL;
CREATE UNIQUE INDEX conversations_by_external_id ON conversations (workspace, channel, external_id, channel_account)
  WHERE external_id IS NOT NULL;
CREATE INDEX conversations_by_activity ON conversations (workspace, status, updated_at, id);
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX conversations_unanswered ON conversations (workspace, updated_at, id) WHERE unanswered_since IS NOT NULL;
CREATE INDEX conversations_by_customer ON conversations (workspace, customer, updated_at, id);

CREATE TABLE messages (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  conversation TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  at BIGINT NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  author_name TEXT COLLATE "C" NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  form TEXT COLLATE "C",
  checkpoint TEXT COLLATE "C",
  run TEXT COLLATE "C",
  delivery TEXT COLLATE "C",
  data TEXT COLLATE "C",
  -- It is to be sent by the channel of its conversation.
  send_at BIGINT,
  PRIMARY KEY (id, workspace)
);
CREATE INDEX messages_to_send ON messages (send_at) WHERE send_at IS NOT NULL;
CREATE INDEX messages_unsent ON messages (workspace, conversation, position) WHERE send_at IS NOT NULL;
CREATE UNIQUE INDEX messages_by_position ON messages (workspace, conversation, position);

-- What the providers call our messages: by account, address and their id.
CREATE TABLE message_refs (
  workspace TEXT COLLATE "C" NOT NULL,
  reference TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace, reference)
);

CREATE TABLE notes (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE INDEX notes_by_subject ON notes (workspace, subject, at);

CREATE TABLE connections (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  connector TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  settings TEXT COLLATE "C" NOT NULL,
  sealed TEXT COLLATE "C" NOT NULL,
  health TEXT COLLATE "C" NOT NULL,
  used TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX connections_by_name ON connections (workspace, connector, name);

-- Access tokens (OAuth 2.0) of connections, apart from them: a refresh is no change of the account.
CREATE TABLE connection_tokens (
  workspace TEXT COLLATE "C" NOT NULL,
  connection TEXT COLLATE "C" NOT NULL,
  granted TEXT COLLATE "C" NOT NULL,
  client TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  sealed TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  expires_at BIGINT,
  scope TEXT COLLATE "C" NOT NULL,
  connected_at BIGINT NOT NULL,
  connected_by TEXT COLLATE "C" NOT NULL,
  refreshed_at BIGINT NOT NULL,
  lease TEXT COLLATE "C" NOT NULL,
  lease_until BIGINT NOT NULL,
  doubts BIGINT NOT NULL,
  PRIMARY KEY (workspace, connection)
);
CREATE INDEX connection_tokens_by_end ON connection_tokens (expires_at, workspace, connection);

-- People who are on their way to agree at a service's page: each state is taken once.
CREATE TABLE authorizations (
  workspace TEXT COLLATE "C" NOT NULL,
  state_hash TEXT COLLATE "C" NOT NULL,
  connection TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  session TEXT COLLATE "C" NOT NULL,
  sealed TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, state_hash)
);

-- Manifests never change; a version names the revisions it was published with. Those that come with the executable are
-- kept here too once a version uses them.
CREATE TABLE connector_revisions (
  workspace TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  revision BIGINT NOT NULL,
  hash TEXT COLLATE "C" NOT NULL,
  manifest TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace, name, revision)
);

-- The connectors a workspace brought, and the revision new versions are published with.
CREATE TABLE connectors (
  workspace TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  revision BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, name)
);

CREATE TABLE channel_accounts (
  id TEXT COLLATE "C" NOT NULL,
  workspace TEXT COLLATE "C" NOT NULL,
  channel TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  settings TEXT COLLATE "C" NOT NULL,
  sealed TEXT COLLATE "C" NOT NULL,
  health TEXT COLLATE "C" NOT NULL,
  heard_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX channel_accounts_by_name ON channel_accounts (workspace, channel, name);

-- The key that credentials are sealed with, itself sealed with the key outside the database.
CREATE TABLE vault_keys (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  sealed TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  rotated_at BIGINT NOT NULL
);

CREATE TABLE nodes (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  started_at BIGINT NOT NULL,
  heartbeat_at BIGINT NOT NULL,
  address TEXT COLLATE "C" NOT NULL
);

CREATE TABLE idempotency (
  workspace TEXT COLLATE "C" NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,
  "key" TEXT COLLATE "C" NOT NULL,
  request_hash TEXT COLLATE "C" NOT NULL,
  response_status BIGINT,
  response_body TEXT COLLATE "C",
  run TEXT COLLATE "C",
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, scope, "key")
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE audit (
  workspace TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  via TEXT COLLATE "C" NOT NULL,
  action TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  detail TEXT COLLATE "C" NOT NULL,
  prev_hash TEXT COLLATE "C" NOT NULL,
  hash TEXT COLLATE "C" NOT NULL,
  -- Of a decision: the signature of the workspace over the entry.
  receipt TEXT COLLATE "C",
  PRIMARY KEY (workspace, seq)
);
CREATE INDEX audit_by_subject ON audit (workspace, subject, seq);
CREATE INDEX audit_by_actor ON audit (workspace, actor, seq);

-- The end of each chain: what the next entry links to, and how a cut-off end is noticed.
CREATE TABLE audit_heads (
  workspace TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash TEXT COLLATE "C" NOT NULL
);
