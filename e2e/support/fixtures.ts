/** Invented answers for looking at pages without a server. */
export const NOW = Date.now()
const m = 60_000

export const me = {
  user: { id: 'u1', email: 'manager@example.com', name: 'Morgan Manager' },
  workspace: { id: 'w1', slug: 'demo', name: 'Demo Company' },
  role: 'admin',
  groups: ['manager'],
}

export const document = {
  schema: 1,
  name: 'Subscription Upgrade',
  triggers: [{ type: 'message', when: "$contains($lowercase(text), 'upgrade')" }],
  vars: { current_plan: null },
  start: 'ask',
  steps: {
    ask: {
      type: 'collect_form',
      title: 'Ask who they are',
      prompt: 'Happy to help. Which account is it?',
      form: {
        type: 'object',
        required: ['email'],
        properties: {
          email: { type: 'string', format: 'email', title: 'E-mail' },
          seats: { type: 'integer', title: 'Seats', minimum: 1 },
        },
      },
      next: 'verify',
      timeout: { after: '2d', next: 'give_up' },
    },
    verify: {
      type: 'tool_call',
      title: 'Verify customer identity',
      action: 'identity.verify',
      input: { email: '{{ customer.email }}' },
      next: 'eligible',
      retry: { attempts: 5 },
      on_error: { next: 'person' },
    },
    eligible: {
      type: 'condition',
      title: 'Eligible?',
      branches: [{ when: "current_plan != 'enterprise'", next: 'preview', label: 'not on Enterprise' }],
      otherwise: 'already',
    },
    preview: {
      type: 'tool_call',
      title: 'Preview the proration',
      action: 'stripe.preview_invoice',
      input: {},
      next: 'approve',
    },
    approve: {
      type: 'approval',
      title: 'Manager approval required',
      summary: '…',
      guards: ['execute'],
      approvers: { roles: ['manager'] },
      timeout: { after: '4h', outcome: 'rejected', next: 'explain' },
      on_approve: 'execute',
      on_reject: 'explain',
    },
    execute: {
      type: 'tool_call',
      title: 'Upgrade the subscription',
      action: 'stripe.update_subscription',
      input: {},
      next: 'tell',
      on_error: { next: 'person' },
    },
    tell: {
      type: 'notify',
      title: 'Confirm by message',
      channels: ['conversation', 'email'],
      body: 'Done',
      next: 'done',
    },
    explain: {
      type: 'notify',
      title: 'Explain the decision',
      channels: ['conversation'],
      body: 'Sorry',
      next: 'refused',
    },
    person: {
      type: 'human_handoff',
      title: 'Hand to support',
      team: 'support',
      outcomes: { solved: { next: 'done' } },
      next: 'give_up',
    },
    already: { type: 'end', title: 'Already on Enterprise', message: 'You are on Enterprise already.' },
    done: { type: 'end', title: 'Done' },
    refused: { type: 'end', title: 'Refused', status: 'rejected' },
    give_up: { type: 'end', title: 'Given up', status: 'failed' },
  },
}

const step = (visit: number, name: keyof typeof document.steps, status: string, over: object = {}) => ({
  visit,
  step: name,
  kind: document.steps[name].type,
  title: document.steps[name].title,
  action: (document.steps[name] as { action?: string }).action,
  status,
  started_at: NOW - (20 - visit) * m,
  ended_at: status === 'waiting' ? null : NOW - (20 - visit) * m + 840,
  duration_ms: status === 'waiting' ? null : 840,
  attempts: [],
  earlier_checkpoints: [],
  messages: [],
  set: {},
  ...over,
})

const path = [
  step(1, 'ask', 'completed', {
    duration_ms: 95_000,
    output: { email: 'ada@example.com', seats: 3 },
    branch: 'next',
    checkpoint: {
      id: 'r1.1',
      kind: 'form',
      status: 'decided',
      outcome: 'submitted',
      decided_at: NOW - 18 * m,
      decided_by: { name: 'Ada Example', via: 'web chat' },
    },
  }),
  step(2, 'verify', 'completed', {
    branch: 'next',
    input: { email: 'ada@example.com' },
    output: { customer: 'cus_9s6XKzkNRiz8i3', plan: 'team', verified: true, seats: 12 },
    set: { current_plan: 'team' },
    attempts: [
      {
        call: 1,
        attempt: 1,
        started_at: NOW - 17 * m,
        ended_at: NOW - 17 * m + 5000,
        status: 'failed',
        key: 'r1.2.1',
        error: { class: 'transient', code: 'http_503', message: 'The service answered 503.' },
      },
      {
        call: 1,
        attempt: 2,
        started_at: NOW - 17 * m + 6000,
        ended_at: NOW - 17 * m + 6300,
        status: 'completed',
        key: 'r1.2.1',
        request: { method: 'POST', url: 'https://id.example.com/verify' },
      },
    ],
  }),
  step(3, 'eligible', 'completed', {
    duration_ms: 1,
    branch: 'when 1',
    condition: { branches: [{ when: "current_plan != 'enterprise'", value: true, held: true }] },
  }),
  step(4, 'preview', 'completed', { branch: 'next', output: { amount_due: 4260, currency: 'usd' } }),
]
const waiting = step(5, 'approve', 'waiting', {
  checkpoint: { id: 'r1.5', kind: 'approval', status: 'open', due_at: NOW + 3.4 * 60 * m },
})

const summary = (id: string, status: string, over: object = {}) => ({
  id,
  workflow: { id: 'wf1', name: 'Subscription Upgrade' },
  version: 7,
  status,
  step: 'approve',
  step_title: 'Manager approval required',
  waiting_for: status === 'waiting' ? 'approval' : null,
  title: null,
  trigger: 'message',
  customer: { id: 'c1', name: 'Ada Example' },
  started_at: NOW - 20 * m,
  updated_at: NOW - m,
  ended_at: ['completed', 'failed', 'rejected', 'cancelled'].includes(status) ? NOW - 3 * m : null,
  ...over,
})

export const runs = [
  summary('0197a1b2-0001-7000-8000-000000000001', 'waiting'),
  summary('0197a1b2-0002-7000-8000-000000000002', 'running', {
    step_title: 'Upgrade the subscription',
    customer: { id: 'c2', name: 'Grace Example' },
    started_at: NOW - 9000,
  }),
  summary('0197a1b2-0003-7000-8000-000000000003', 'completed', {
    step_title: 'Done',
    workflow: { id: 'wf2', name: 'Refund' },
    version: 2,
  }),
  summary('0197a1b2-0004-7000-8000-000000000004', 'failed', {
    step_title: 'Upgrade the subscription',
    error_code: 'card_declined',
    error_message: 'The card was declined.',
  }),
  summary('0197a1b2-0005-7000-8000-000000000005', 'rejected', { step_title: 'Refused', started_at: NOW - 26 * 60 * m }),
  summary('0197a1b2-0006-7000-8000-000000000006', 'cancelled', {
    step_title: 'Ask who they are',
    started_at: NOW - 50 * 60 * m,
  }),
]
export const counts = {
  running: 1,
  waiting: 1,
  completed: 10000,
  rejected: 31,
  failed: 4,
  cancelled: 2,
  at_least: true,
}
const zero = { running: 0, waiting: 0, completed: 0, rejected: 0, failed: 0, cancelled: 0, at_least: false }
const times = (count: number, p50_ms: number, p95_ms: number) => ({ count, p50_ms, p95_ms, max_ms: p95_ms * 2 })
const upgrade = { id: 'wf1', name: 'Subscription Upgrade' }
export const dashboard = {
  after: NOW - 24 * 60 * m,
  before: NOW,
  slice_ms: 60 * m,
  runs: Array.from({ length: 24 }, (_, hour) => ({
    at: NOW - (24 - hour) * 60 * m,
    runs: {
      ...zero,
      completed: 20 + ((hour * 7) % 30),
      failed: hour % 5,
      rejected: hour % 3,
      waiting: hour > 20 ? 6 : 0,
    },
  })),
  steps: [
    {
      workflow: upgrade,
      step: 'approve',
      title: 'Manager approval required',
      kind: 'approval',
      waits: true,
      times: times(310, 22 * m, 190 * m),
      failed: 0,
    },
    {
      workflow: upgrade,
      step: 'verify',
      title: 'Verify customer identity',
      kind: 'tool_call',
      waits: false,
      times: times(812, 340, 5200),
      failed: 17,
    },
  ],
  approvals: [
    {
      workflow: upgrade,
      step: 'approve',
      title: 'Manager approval required',
      times: times(310, 22 * m, 190 * m),
      outcomes: { approved: 271, rejected: 39 },
    },
  ],
  approvals_all: times(310, 22 * m, 190 * m),
  approvals_open: 2,
  failing: [
    {
      workflow: upgrade,
      step: 'execute',
      title: 'Upgrade the subscription',
      error_code: 'timeout',
      cause: 'No answer came in time.',
      help: 'Look in the other system before anything is sent again.',
      count: 12,
      last_run: '0197a1b2-0004-7000-8000-000000000004',
      last_at: NOW - 9 * m,
    },
  ],
}
export const retryPlan = {
  step: 'execute',
  from_version: 7,
  to_version: 8,
  state: { vars: { current_plan: 'team' }, steps: {} },
  steps: [
    { step: 'preview', title: 'Preview the proration', kind: 'tool_call' },
    { step: 'execute', title: 'Upgrade the subscription', kind: 'tool_call' },
  ],
  repeats: [
    {
      step: 'execute',
      title: 'Upgrade the subscription',
      action: 'stripe.update_subscription',
      visit: 6,
      at: NOW - 9 * m,
      certain: false,
    },
  ],
  asks_again: [{ step: 'execute', title: 'Upgrade the subscription', kind: 'tool_call' }],
  differences: [
    { pointer: '/steps/preview/input/price', kind: 'changed', before: 'price_enterprise', after: 'price_enterprise_2' },
    { pointer: '/steps/audit', kind: 'added', before: null, after: { type: 'notify' } },
  ],
}

export const messages = [
  {
    id: 'm1',
    position: 1,
    at: NOW - 20 * m,
    author: { kind: 'customer', name: 'Ada Example' },
    body: 'I want to upgrade',
  },
  {
    id: 'm2',
    position: 2,
    at: NOW - 20 * m + 900,
    author: { kind: 'workflow', name: null },
    body: 'Happy to help. Which account is it?',
    form: {
      checkpoint: 'r1.1',
      schema: document.steps.ask.form,
      prompt: 'Happy to help. Which account is it?',
      prefill: {},
      submit: 'Continue',
      status: 'submitted',
      values: { email: 'ada@example.com', seats: 3 },
    },
  },
  {
    id: 'm3',
    position: 3,
    at: NOW - 15 * m,
    author: { kind: 'workflow' },
    body: 'Thank you. A colleague has a quick look, this takes a few minutes.',
  },
]

export const customer = {
  id: 'c1',
  name: 'Ada Example',
  email: 'ada@example.com',
  phone: '+15550100',
  fields: { plan: 'team', since: '2023' },
  created_at: NOW - 9e9,
}

export const run = {
  ...runs[0],
  input: { text: 'I want to upgrade' },
  vars: { current_plan: 'team' },
  output: null,
  conversation: 'cv1',
  seq: 31,
  steps: [...path, waiting],
}
export const failedRun = {
  ...runs[3],
  input: {},
  vars: {},
  output: null,
  conversation: null,
  seq: 40,
  steps: [
    ...path,
    step(5, 'approve', 'completed', {
      branch: 'approved',
      checkpoint: {
        id: 'r4.5',
        kind: 'approval',
        status: 'decided',
        outcome: 'approved',
        decided_at: NOW - 5 * m,
        decided_by: { id: 'u1', name: 'Morgan Manager', via: 'inbox' },
        comment: 'Known customer, fine.',
      },
    }),
    step(6, 'execute', 'failed', {
      error: {
        class: 'permanent',
        code: 'card_declined',
        message: 'The card was declined.',
        details: { decline_code: 'insufficient_funds' },
      },
    }),
  ],
}

const base = {
  status: 'open',
  run: { id: runs[0]?.id, workflow: 'wf1', name: 'Subscription Upgrade', version: 7, status: 'waiting' },
  customer: { id: 'c1', name: 'Ada Example' },
}
export const checkpoints = [
  {
    ...base,
    id: 'r1.5',
    kind: 'approval',
    step: 'approve',
    title: 'Manager approval required',
    summary: 'Ada Example to Enterprise, $42.60 prorated',
    opened_at: NOW - 15 * m,
    due_at: NOW + 3.4 * 60 * m,
  },
  {
    ...base,
    id: 'r7.3',
    kind: 'approval',
    step: 'approve',
    title: 'Refund approval',
    summary: 'Refund $310.00 to Grace Example',
    opened_at: NOW - 220 * m,
    due_at: NOW + 12 * m,
    run: { ...base.run, name: 'Refund', version: 2 },
    customer: { id: 'c2', name: 'Grace Example' },
  },
  {
    ...base,
    id: 'r8.4',
    kind: 'handoff',
    step: 'person',
    title: 'Hand to support',
    summary: 'Card declined twice, customer is upset',
    opened_at: NOW - 4 * m,
    due_at: null,
  },
  {
    ...base,
    id: 'r9.6',
    kind: 'unknown_outcome',
    step: 'execute',
    title: 'Upgrade the subscription',
    summary: 'No answer to POST /v1/subscriptions',
    opened_at: NOW - 2 * m,
    due_at: null,
  },
]
const detail = {
  approvers: { roles: ['manager'], users: [], quorum: 1, exclude_requester: true },
  approvals: [],
  may_decide: true,
  why_not: null,
  outcomes: ['approved', 'rejected', 'changes'],
  requests: [],
  customer,
  conversation: { id: 'cv1', messages },
  state: { vars: { current_plan: 'team' }, steps: { preview: { output: { amount_due: 4260 } } } },
  path,
  earlier: [
    {
      checkpoint: 'r0.5',
      outcome: 'approved',
      decided_at: NOW - 40 * 24 * 60 * m,
      summary: 'Ada Example to Team, $12.00 prorated',
    },
  ],
}
const preview = (name: keyof typeof document.steps, channels: string[]) => ({
  step: name,
  title: document.steps[name].title,
  kind: document.steps[name].type,
  action: (document.steps[name] as { action?: string }).action ?? null,
  risk: null,
  input: null,
  request: null,
  message: null,
  channels: channels.filter(Boolean),
})
export const checkpointDetails: Record<string, object> = {
  'r1.5': {
    ...detail,
    ...checkpoints[0],
    customer,
    on_timeout: 'rejected',
    on_timeout_step: { step: 'explain', title: 'Explain the decision' },
    requests: [
      {
        step: 'execute',
        title: 'Upgrade the subscription',
        action: 'stripe.update_subscription',
        risk: 'high',
        input: {},
        request: {
          method: 'POST',
          url: 'https://api.stripe.com/v1/subscriptions/sub_1MowQVLkdIwHu7ixeRlqHVzs',
          headers: { 'Idempotency-Key': 'r1.6.1', Authorization: '••••' },
          body: {
            items: [{ id: 'si_Na6dzxczY5fwHx', price: 'price_enterprise' }],
            proration_behavior: 'always_invoice',
          },
        },
      },
    ],
    on_approve: {
      step: 'execute',
      title: 'Upgrade the subscription',
      steps: [preview('execute', ['']), preview('tell', ['conversation', 'email']), preview('done', [])],
      messages: ['Done: you are on Enterprise now. The prorated amount is $42.60.'],
    },
    on_reject: {
      step: 'explain',
      title: 'Explain the decision',
      steps: [preview('explain', ['conversation']), preview('refused', [])],
      messages: ['Sorry, we cannot upgrade you right now. A colleague will write to you.'],
    },
  },
  'r7.3': { ...detail, ...checkpoints[1], customer: { ...customer, id: 'c2', name: 'Grace Example' } },
  'r8.4': {
    ...detail,
    ...checkpoints[2],
    customer,
    outcomes: ['returned', 'solved'],
    note: 'The card was declined twice. Please find out whether there is another one.',
  },
  'r9.6': {
    ...detail,
    ...checkpoints[3],
    customer,
    outcomes: ['happened', 'not_happened', 'stop'],
    unknown: {
      error: {
        class: 'unknown',
        code: 'timeout',
        message: 'No answer within 30 s after the request had left.',
        details: null,
      },
      sent: {
        method: 'POST',
        url: 'https://api.stripe.com/v1/subscriptions/sub_1',
        body: { price: 'price_enterprise' },
      },
      at: NOW - 3 * m,
      action: 'stripe.update_subscription',
      key: '0197a1b2-0001-7000-8000-000000000001.6.1',
    },
  },
}

const spec = (name: string, title: string, risk: string, input: object = {}) => ({
  name,
  title,
  description: `${title}.`,
  risk,
  idempotency: { kind: 'header', name: 'Idempotency-Key' },
  input: { type: 'object', properties: input },
  output: { type: 'object', properties: {} },
})
export const connectors = [
  {
    name: 'stripe',
    title: 'Stripe',
    settings_schema: {
      type: 'object',
      required: ['base_url'],
      properties: {
        base_url: { type: 'string', title: 'Base URL', default: 'https://api.stripe.com' },
        api_key: { type: 'string', title: 'API key', writeOnly: true },
      },
    },
    actions: [
      spec('stripe.preview_invoice', 'Preview an invoice', 'read', {
        customer: { type: 'string' },
        price: { type: 'string' },
      }),
      spec('stripe.update_subscription', 'Change a subscription', 'high', {
        subscription: { type: 'string', title: 'Subscription' },
        price: { type: 'string', title: 'Price' },
      }),
    ],
  },
  {
    name: 'identity',
    title: 'Identity',
    settings_schema: {},
    actions: [spec('identity.verify', 'Verify a customer', 'read', { email: { type: 'string', format: 'email' } })],
  },
  {
    name: 'slack',
    title: 'Slack',
    settings_schema: {},
    actions: [
      spec('slack.post_message', 'Post a message', 'write', { channel: { type: 'string' }, text: { type: 'string' } }),
    ],
  },
]

export const versions = [
  {
    version: 7,
    hash: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
    message: 'Ask for approval before every upgrade',
    author: { id: 'u1', name: 'Morgan Manager' },
    created_at: NOW - 26 * 60 * m,
    active: true,
    runs: { running: 1, waiting: 1, completed: 88, rejected: 2, failed: 1, cancelled: 0 },
  },
  {
    version: 6,
    hash: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
    message: 'First try with Stripe',
    author: { id: 'u2', name: 'Bo Builder' },
    created_at: NOW - 9 * 24 * 60 * m,
    active: false,
    runs: { running: 0, waiting: 3, completed: 1116, rejected: 29, failed: 3, cancelled: 2 },
  },
]
export const textDiff = [
  '--- v6',
  '+++ v7',
  '@@ -12,5 +12,9 @@',
  '   preview:',
  '     type: tool_call',
  '-    next: execute',
  '+    next: approve',
  '+  approve:',
  '+    type: approval',
  '+    guards: [execute]',
  '   execute:',
  '     type: tool_call',
  '',
].join('\n')

/** Version 6: without the approval. */
export const olderDocument = {
  ...document,
  steps: Object.fromEntries(
    Object.entries(document.steps)
      .filter(([id]) => id !== 'approve')
      .map(([id, step]) => [id, id === 'preview' ? { ...step, next: 'execute' } : step]),
  ),
}
export const diff = {
  text_diff: textDiff,
  steps: { added: ['approve'], removed: [], changed: ['preview'], moved: [], renamed: [] },
  changes: [
    { kind: 'changed', step: 'preview', was: null, fields: [] },
    { kind: 'added', step: 'approve', was: null, fields: [] },
  ],
  connections: [{ step: 'preview', exit: 'next', before: 'execute', after: 'approve' }],
  document: [{ pointer: '/description', before: null, after: 'Asks first' }],
}
export const activations = [
  {
    position: 3,
    version: 7,
    kind: 'rollback',
    at: NOW - 3e6,
    by: { id: 'u1', name: 'Morgan Manager' },
    message: 'Ask for approval before every upgrade',
    percent: null,
    took_us: 3100,
  },
  {
    position: 2,
    version: 7,
    kind: 'publish',
    at: NOW - 26 * 60 * m,
    by: { id: 'u1', name: 'Morgan Manager' },
    message: 'Ask for approval before every upgrade',
    percent: null,
    took_us: null,
  },
]
