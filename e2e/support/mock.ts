import type { Page, Route } from '@playwright/test'
import * as f from './fixtures'

export type Answers = Record<string, unknown>
type Call = { method: string; path: string; body: unknown }

/** Streams, left unanswered: they stay in the state of connecting, as far as the page knows. */
const LIVE = /^(\/events|\/chat\/conversations\/[^/]+\/events)$/

const page = (items: unknown[]) => ({ items, next: null })

const glance = { id: f.runs[0]?.id, started_at: f.NOW - 1.2e6, error_message: null }

/** What every call is answered with, as the fixtures have it. */
export function answersOf(): Answers {
  const workflow = {
    id: 'wf1',
    name: f.document.name,
    draft: f.document,
    draft_revision: 12,
    active_version: 7,
    diagnostics: [
      {
        code: 'wait_without_timeout',
        severity: 'warning',
        pointer: '/steps/person',
        message: 'Nobody may ever hand this back.',
        help: 'Give the step a timeout.',
      },
    ],
  }
  const answers: Answers = {
    'GET /auth/me': f.me,
    'POST /auth/logout': {},
    'POST /auth/login': f.me,
    'GET /runs': { ...page(f.runs), unreadable: [] },
    'GET /saved-views': page([{ id: 'v1', name: 'Failed today', search: { status: 'failed' }, created_at: f.NOW }]),
    'GET /dashboard': f.dashboard,
    'GET /runs/counts': f.counts,
    'GET /checkpoints': (_: unknown, query: URLSearchParams) => page(f.inbox(query)),
    'GET /checkpoints/counts': f.checkpointCounts,
    'GET /me/notifications': f.notifications,
    'PUT /me/notifications': f.notifications,
    'GET /channel-kinds': page([
      {
        channel: 'email',
        title: 'E-mail',
        settings_schema: { type: 'object', properties: { host: { type: 'string', title: 'SMTP host' } } },
        secrets_schema: { type: 'object', properties: { password: { type: 'string', title: 'Password' } } },
      },
      { channel: 'telegram', title: 'Telegram', settings_schema: {}, secrets_schema: {} },
    ]),
    'GET /workflows': page([
      {
        id: 'wf1',
        name: 'Subscription Upgrade',
        active_version: 7,
        draft_revision: 12,
        draft_updated_at: f.NOW - 5e6,
        has_unpublished_changes: true,
        running: 1,
        waiting: 4,
        triggers: ['message', 'api'],
        last_run: { ...glance, title: 'ada@example.com · Pro', status: 'waiting' },
        last_failure: {
          ...glance,
          title: 'ada@example.com',
          status: 'failed',
          error_message: 'The card was declined.',
          started_at: f.NOW - 9e7,
        },
        ended: 50,
        failed: 3,
      },
      {
        id: 'wf2',
        name: 'Refund',
        active_version: 2,
        draft_revision: 3,
        draft_updated_at: f.NOW - 9e7,
        has_unpublished_changes: false,
        running: 0,
        waiting: 1,
        triggers: ['webhook', 'schedule'],
        last_run: { ...glance, title: 'Order 1042', status: 'completed' },
        last_failure: null,
        ended: 12,
        failed: 0,
      },
      {
        id: 'wf3',
        name: 'Account deletion',
        active_version: null,
        draft_revision: 1,
        draft_updated_at: f.NOW - 9e8,
        has_unpublished_changes: true,
        running: 0,
        waiting: 0,
        triggers: [],
        last_run: null,
        last_failure: null,
        ended: 0,
        failed: 0,
      },
    ]),
    'GET /workflows/wf1': workflow,
    'PUT /workflows/wf1/draft': workflow,
    'GET /workflows/wf1/versions': page(f.versions),
    'GET /workflows/wf1/samples': page([]),
    'GET /workflows/wf1/activations': page(f.activations),
    'GET /workflows/wf1/versions/6': { ...f.versions[1], document: f.olderDocument },
    'GET /workflows/wf1/versions/7': { ...f.versions[0], document: f.document },
    'GET /workflows/wf1/diff': (_: unknown, query: URLSearchParams) => ({
      ...f.diff,
      from: query.get('from'),
      to: query.get('to'),
    }),
    'POST /check': { diagnostics: workflow.diagnostics },
    'GET /connectors': page(f.connectors),
    'GET /connections': page([
      {
        id: 'k1',
        connector: 'stripe',
        name: 'stripe',
        settings: { base_url: 'https://api.stripe.com' },
        secret_names: ['api_key'],
        health: { state: 'sound', message: '', at: f.NOW - 6e5 },
        created_at: f.NOW,
        updated_at: f.NOW,
      },
    ]),
    'GET /channels': page([]),
    'GET /people': page([
      {
        id: 'u1',
        email: 'manager@example.com',
        name: 'Morgan Manager',
        role: 'admin',
        groups: ['manager'],
        disabled: false,
      },
      { id: 'u2', email: 'builder@example.com', name: 'Bo Builder', role: 'builder', groups: [], disabled: false },
      {
        id: 'u3',
        email: 'former@example.com',
        name: 'Fay Former',
        role: 'operator',
        groups: ['support'],
        disabled: true,
      },
    ]),
    'GET /api-keys': page([
      {
        id: 'a1',
        name: 'CI',
        prefix: 'cs_k3f9',
        role: 'builder',
        may_decide: false,
        created_at: f.NOW,
        last_used_at: f.NOW - 9e6,
      },
    ]),
    'GET /audit': page([
      {
        id: 'e3',
        seq: 3,
        at: f.NOW - 3e5,
        actor: { id: 'u1', name: 'Morgan Manager', via: 'portal' },
        actor_ref: 'user:u1',
        action: 'person.changed',
        sentence: 'changed the rights of Grace Example',
        subject: 'user:u2',
        subject_name: 'Grace Example',
        detail: {
          email: 'grace@example.com',
          before: { role: 'viewer', groups: [] },
          after: { role: 'operator', groups: ['manager'] },
        },
        prev_hash: 'a3f1c09be27788d1',
        hash: '0c1d2e3fa3f1c09be27788d1',
      },
      {
        id: 'e2',
        seq: 2,
        at: f.NOW - 6e5,
        actor: { id: null, name: 'system', via: 'timeout' },
        actor_ref: 'system',
        action: 'checkpoint.escalated',
        sentence: 'escalated step approve of ada@example.com · Pro',
        subject: 'checkpoint:r4.5',
        subject_name: 'ada@example.com · Pro',
        detail: { step: 'approve' },
        prev_hash: '77be01d2aa00cc31',
        hash: 'a3f1c09be27788d1',
      },
      {
        id: 'e1',
        seq: 1,
        at: f.NOW - 9e6,
        actor: { id: 'u3', name: 'Bo Builder', via: 'portal' },
        actor_ref: 'user:u3',
        action: 'workflow.published',
        sentence: 'published version 7 of Subscription Upgrade',
        subject: 'workflow:wf1',
        subject_name: 'Subscription Upgrade',
        detail: { version: 7 },
        prev_hash: '',
        hash: '77be01d2aa00cc31',
      },
    ]),
    'GET /audit/verify': { entries: 3, ok: true, broken_at: null, head: '0c1d2e3fa3f1c09be27788d1', head_at: null },
    'GET /conversations': page([
      {
        id: 'cv1',
        customer: { id: 'c1', name: 'Ada Example' },
        channel: 'web',
        status: 'open',
        assigned_to: null,
        updated_at: f.NOW - 6e5,
        unanswered_since: null,
        snoozed: null,
        last_message: 'Thank you. A colleague has a quick look.',
      },
    ]),
    'GET /conversations/counts': { unanswered: 0 },
    'GET /workspace': {
      id: 'w1',
      slug: 'demo',
      name: 'Demo',
      created_at: f.NOW,
      policy: {
        allow_unguarded: false,
        try_writes: 'admins',
        waiting_messages: { approval: 'Somebody has a look.', failure: 'Something went wrong.' },
        fallback_workflow: null,
      },
    },
    'GET /conversations/cv1': {
      unanswered_since: null,
      snoozed: null,
      id: 'cv1',
      consents: [
        {
          channel: 'sms',
          address: '+15555550101',
          opted_out: true,
          at: f.NOW,
          how: 'word',
          message: 'm1',
          told_to: null,
          reason: null,
        },
        {
          channel: 'email',
          address: 'ada@example.com',
          opted_out: false,
          at: null,
          how: null,
          message: null,
          told_to: null,
          reason: null,
        },
      ],
      customer: f.customer,
      channel: 'web',
      status: 'open',
      assigned_to: null,
      messages: f.messages,
      has_older: false,
      runs: f.runs.slice(0, 2),
    },
    'GET /canned-replies': page([]),
    'GET /conversations/cv1/canned-replies': page([]),
    'GET /conversations/cv1/notes': page([
      { id: 'n1', body: 'Prefers the morning.', author: { id: 'u2', name: 'Bo Builder' }, at: f.NOW - 9e5 },
    ]),
    'GET /customers': page([f.customer]),
    'GET /customers/c1/identities': f.identities,
    'POST /chat/demo/conversations': { conversation: 'cv1', token: 'secret' },
  }
  for (const [id, detail] of Object.entries(f.checkpointDetails)) answers[`GET /checkpoints/${id}`] = detail
  for (const run of [f.run, f.failedRun]) {
    answers[`GET /runs/${run.id}`] = run
    answers[`GET /runs/${run.id}/graph`] = f.document
    answers[`GET /runs/${run.id}/events`] = page([
      {
        type: 'run_started',
        data: { start: { trigger: { type: 'message', text: 'I want to upgrade' }, customer: f.customer } },
      },
    ])
    answers[`GET /runs/${run.id}/retry`] = f.retryPlan
  }
  return answers
}

type Told = { name: string; title: string; description: string; risk: 'read' | 'write' | 'high' }
type ToldConnector = { name: string; actions?: Told[] }

/** The connectors that any answer of the table tells of, with their actions. */
function connectorsOf(answers: Answers): ToldConnector[] {
  const list = (answers['GET /connectors'] as { items?: ToldConnector[] }).items ?? []
  const alone = Object.entries(answers).filter(([key]) => /^GET \/connectors\/[^/]+$/.test(key))
  return [...list, ...alone.map(([, one]) => one as ToldConnector)]
}

/** As the server tells a connector: its actions are counted there, and read apart. */
const counted = ({ actions = [], ...connector }: ToldConnector) => ({ ...connector, action_count: actions.length })

/** What the server answers of connectors and their actions, from what the table says of connectors. */
function actionAnswer(answers: Answers, path: string, query: URLSearchParams): unknown {
  if (path === '/connectors') return page((answers['GET /connectors'] as { items: ToldConnector[] }).items.map(counted))
  const all = connectorsOf(answers)
  const [, name, full] = /^\/connectors\/([^/]+)(?:\/actions\/([^/]+))?$/.exec(path) ?? []
  const connector = all.find((one) => one.name === name)
  if (full !== undefined) return connector?.actions?.find((one) => one.name === `${name}.${decodeURIComponent(full)}`)
  if (name !== undefined) return connector && counted(connector)
  if (path !== '/actions') return undefined
  const wanted = query.get('connector')
  const within = all.filter((one) => wanted === null || one.name === wanted).flatMap((one) => one.actions ?? [])
  const words = (query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const risk = query.get('risk')
  const found = within.filter(
    (one) =>
      (risk === null || one.risk === risk) &&
      words.every((word) => `${one.name} ${one.title} ${one.description}`.toLowerCase().includes(word)),
  )
  const [from, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 50)]
  const count = (one: Told['risk']) => within.filter((action) => action.risk === one).length
  return {
    items: found
      .slice(from, from + limit)
      .map(({ name, title, description, risk }) => ({ name, title, description, risk })),
    next: found.length > from + limit ? String(from + limit) : null,
    found: found.length,
    counts: { read: count('read'), write: count('write'), high: count('high') },
  }
}

/** Answers every API call from the table; `changes` overrides or adds, a function is called with the request. */
export async function mockApi(target: Page, changes: Answers = {}): Promise<Call[]> {
  const answers = { ...answersOf(), ...changes }
  const calls: Call[] = []
  await target.route('**/api/v1/**', async (route: Route) => {
    const request = route.request()
    const path = new URL(request.url()).pathname.replace('/api/v1', '')
    const key = `${request.method()} ${path}`
    calls.push({ method: request.method(), path, body: request.postDataJSON() as unknown })
    if (LIVE.test(path)) return
    const query = new URL(request.url()).searchParams
    const derived = request.method() === 'GET' && /^\/(connectors|actions)(\/|$)/.test(path)
    const answer = (derived && actionAnswer(answers, path, query)) || answers[key]
    if (answer === undefined)
      return route.fulfill({
        status: 404,
        contentType: 'application/problem+json',
        json: {
          type: 'about:blank',
          title: 'Not found',
          status: 404,
          code: 'not_found',
          detail: `no fixture for ${key}`,
        },
      })
    const value: unknown =
      typeof answer === 'function'
        ? (answer as (body: unknown, query: URLSearchParams) => unknown)(request.postDataJSON(), query)
        : answer
    const status = typeof value === 'object' && value !== null && '__status' in value ? Number(value.__status) : 200
    return route.fulfill({
      status,
      contentType: status >= 400 ? 'application/problem+json' : 'application/json',
      json: value,
    })
  })
  return calls
}

/** The server's events: gives what tells the page of one of a kind. After `mockApi`, before the page opens. */
export async function mockEvents(target: Page): Promise<(kind: string) => void> {
  let tell = (_kind: string) => {}
  const told = new Promise<string>((resolve) => (tell = resolve))
  await target.route('**/api/v1/events', async (route) => {
    const kind = await told
    tell = () => {}
    await route.fulfill({ contentType: 'text/event-stream', body: `retry: 600000\nevent: ${kind}\ndata: {}\n\n` })
  })
  return (kind) => tell(kind)
}
