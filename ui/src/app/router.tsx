import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router'
import type { RunFilters } from '@/api/queries'
import './arrived'
import { Crash } from './crash'
import { NoSuchPage, NotFound } from './not-found'
import { Home } from './home'
import { Shell } from './shell'

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const number = (value: unknown) =>
  Number.isFinite(Number(value)) && value !== '' && value !== undefined && value !== null ? Number(value) : undefined

const root = createRootRoute({ component: Outlet, notFoundComponent: NoSuchPage })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: text(search.next) }),
  component: lazyRouteComponent(() => import('@/features/auth/login-page')),
})
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('@/features/auth/setup-page')),
})
const chat = createRoute({
  getParentRoute: () => root,
  path: '/c/$workspace',
  component: lazyRouteComponent(() => import('@/features/chat/chat-page')),
})

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })
const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: Home,
})

const INBOX_TABS = ['groups', 'all', 'decided'] as const
const INBOX_KINDS = ['approval', 'handoff', 'unknown_outcome'] as const
/** Where in the inbox; without a tab it is what the reader may decide. */
export type InboxSearch = {
  tab?: (typeof INBOX_TABS)[number]
  kind?: (typeof INBOX_KINDS)[number]
  workflow?: string
  q?: string
}
const inbox = createRoute({
  getParentRoute: () => shell,
  path: '/inbox',
  validateSearch: (search: Record<string, unknown>): InboxSearch => ({
    tab: INBOX_TABS.find((tab) => tab === search.tab),
    kind: INBOX_KINDS.find((kind) => kind === search.kind),
    workflow: text(search.workflow),
    // What is typed may look like a number.
    q: text(typeof search.q === 'number' ? String(search.q) : search.q),
  }),
  component: lazyRouteComponent(() => import('@/features/inbox/inbox-page')),
})
const inboxItem = createRoute({ getParentRoute: () => inbox, path: '$checkpoint' })

const runs = createRoute({
  getParentRoute: () => shell,
  path: '/runs',
  validateSearch: (search: Record<string, unknown>): RunFilters => ({
    workflow: text(search.workflow),
    version: number(search.version),
    status: text(search.status),
    step: text(search.step),
    error: text(search.error),
    customer: text(search.customer),
    text: text(search.text),
    after: number(search.after),
    before: number(search.before),
  }),
  component: lazyRouteComponent(() => import('@/features/runs/runs-page')),
})
const RUN_TABS = ['graph', 'timing', 'debug', 'state'] as const
export type RunTab = (typeof RUN_TABS)[number]
const run = createRoute({
  getParentRoute: () => shell,
  path: '/runs/$run',
  validateSearch: (
    search: Record<string, unknown>,
  ): { tab?: RunTab; visit?: number; point?: number; from?: number } => ({
    tab: RUN_TABS.find((tab) => tab === search.tab),
    visit: number(search.visit),
    point: number(search.point),
    from: number(search.from),
  }),
  component: lazyRouteComponent(() => import('@/features/runs/run-page')),
})

const dashboard = createRoute({
  getParentRoute: () => shell,
  path: '/dashboard',
  validateSearch: (search: Record<string, unknown>): { days?: number; workflow?: string } => ({
    days: number(search.days),
    workflow: text(search.workflow),
  }),
  component: lazyRouteComponent(() => import('@/features/dashboard/dashboard-page')),
})

const workflows = createRoute({
  getParentRoute: () => shell,
  path: '/workflows',
  validateSearch: (search: Record<string, unknown>): { text?: string } => ({ text: text(search.text) }),
  component: lazyRouteComponent(() => import('@/features/workflows/workflows-page')),
})
const workflow = createRoute({
  getParentRoute: () => shell,
  path: '/workflows/$workflow',
  validateSearch: (search: Record<string, unknown>): { step?: string; view?: 'yaml'; rehearse?: true | 'tests' } => ({
    step: text(search.step),
    view: search.view === 'yaml' ? 'yaml' : undefined,
    rehearse: search.rehearse === 'tests' ? 'tests' : search.rehearse === true || undefined,
  }),
  component: lazyRouteComponent(() => import('./builder')),
})
const versions = createRoute({
  getParentRoute: () => shell,
  path: '/workflows/$workflow/versions',
  validateSearch: (search: Record<string, unknown>): { from?: number; to?: string } => ({
    from: number(search.from),
    to: search.to === undefined ? undefined : String(search.to as string | number),
  }),
  component: lazyRouteComponent(() => import('@/features/versions/versions-page')),
})
const triggers = createRoute({
  getParentRoute: () => shell,
  path: '/workflows/$workflow/triggers',
  component: lazyRouteComponent(() => import('@/features/triggers/triggers-page')),
})
const templates = createRoute({
  getParentRoute: () => shell,
  path: '/templates',
  validateSearch: (search: Record<string, unknown>): { template?: string; say?: string } => ({
    template: text(search.template),
    say: text(search.say),
  }),
  component: lazyRouteComponent(() => import('@/features/templates/templates-page')),
})
const VIEWS = ['customers', 'unanswered', 'snoozed', 'replies'] as const
type View = (typeof VIEWS)[number]
const conversations = createRoute({
  getParentRoute: () => shell,
  path: '/conversations',
  validateSearch: (search: Record<string, unknown>): { view?: View; customer?: string } => ({
    view: VIEWS.find((view) => view === search.view),
    customer: text(search.customer),
  }),
  component: lazyRouteComponent(() => import('@/features/conversations/conversations-page')),
})
const conversation = createRoute({
  getParentRoute: () => shell,
  path: '/conversations/$conversation',
  component: lazyRouteComponent(() => import('@/features/conversations/conversation-page')),
})
const connectors = createRoute({
  getParentRoute: () => shell,
  path: '/connectors',
  component: lazyRouteComponent(() => import('@/features/connectors/connectors-page')),
})
// No name of a connector has a hyphen.
const addConnector = createRoute({
  getParentRoute: () => shell,
  path: '/connectors/add-new',
  validateSearch: (search: Record<string, unknown>): { name?: string } => ({ name: text(search.name) }),
  component: lazyRouteComponent(() => import('@/features/connectors/add-page')),
})
const connector = createRoute({
  getParentRoute: () => shell,
  path: '/connectors/$connector',
  component: lazyRouteComponent(() => import('@/features/connectors/connector-page')),
})
const connected = createRoute({
  getParentRoute: () => shell,
  path: '/oauth/callback',
  component: lazyRouteComponent(() => import('@/features/connectors/connected-page')),
})
const people = createRoute({
  getParentRoute: () => shell,
  path: '/people',
  component: lazyRouteComponent(() => import('@/features/people/people-page')),
})
const groups = createRoute({
  getParentRoute: () => shell,
  path: '/people/groups',
  component: lazyRouteComponent(() => import('@/features/people/groups-page')),
})
const delegations = createRoute({
  getParentRoute: () => shell,
  path: '/people/delegations',
  validateSearch: (search: Record<string, unknown>): { whose?: 'all' } => ({
    whose: search.whose === 'all' ? 'all' : undefined,
  }),
  component: lazyRouteComponent(() => import('@/features/delegations/delegations-page')),
})
const rights = createRoute({
  getParentRoute: () => shell,
  path: '/people/rights',
  validateSearch: (search: Record<string, unknown>): { find?: string } => ({
    find: typeof search.find === 'string' && search.find !== '' ? search.find : undefined,
  }),
  component: lazyRouteComponent(() => import('@/features/rights/rights-page')),
})
const standing = createRoute({
  getParentRoute: () => shell,
  path: '/people/standing-approvals',
  validateSearch: (search: Record<string, unknown>): { show?: 'ended' } => ({
    show: search.show === 'ended' ? 'ended' : undefined,
  }),
  component: lazyRouteComponent(() => import('@/features/standing/standing-page')),
})
const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: (
    search: Record<string, unknown>,
  ): { actor?: string; action?: string; subject?: string; after?: number; before?: number } => ({
    actor: text(search.actor),
    action: text(search.action),
    subject: text(search.subject),
    after: number(search.after),
    before: number(search.before),
  }),
  component: lazyRouteComponent(() => import('@/features/audit/audit-page')),
})
const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('@/features/settings/settings-page')),
})
const notifications = createRoute({
  getParentRoute: () => shell,
  path: '/settings/notifications',
  component: lazyRouteComponent(() => import('@/features/notifications/notifications-page')),
})
const keys = createRoute({
  getParentRoute: () => shell,
  path: '/settings/keys',
  component: lazyRouteComponent(() => import('@/features/keys/keys-page')),
})

const tree = root.addChildren([
  login,
  setup,
  chat,
  shell.addChildren([
    home,
    inbox.addChildren([inboxItem]),
    dashboard,
    runs,
    run,
    workflows,
    workflow,
    templates,
    versions,
    triggers,
    conversations,
    conversation,
    connectors,
    addConnector,
    connector,
    connected,
    people,
    groups,
    delegations,
    standing,
    rights,
    audit,
    settings,
    notifications,
    keys,
  ]),
])

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultNotFoundComponent: () => <NotFound />,
  defaultErrorComponent: Crash,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
