import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate, useRouter } from '@tanstack/react-router'
import { LogOut, Menu as MenuIcon, Moon, Search, Sun, X } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { followEvents } from '@/api/events'
import { queries } from '@/api/queries'
import { IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { KeyCaps } from '@/ui/keycaps'
import { later } from '@/ui/later'
import { Failure, Skeleton } from '@/ui/states'
import { useStore } from '@/ui/store'
import { Toasts } from '@/ui/toast'
import { listenForShortcuts, useActions, type Action } from './actions'
import { writes } from './api'
import { Nav, PLACES, ToDecide, useOpenCount } from './nav'
import { useWaitingInTitle } from './page'
import { strings } from './strings'
import { shownTheme, theme, toggleTheme } from './theme'

const Palette = lazy(() => import('./palette'))
const ShortcutSheet = lazy(() => import('./shortcut-sheet'))

const OFFLINE_AFTER_MS = 4000

/** The signed-in frame: knows who is here, or sends to the login page. */
export function Shell() {
  const me = useQuery(queries.me())
  if (me.data) return <Frame />
  if (me.error instanceof ApiProblem && me.error.status === 401) return <SignInFirst />
  if (me.error)
    return (
      <Failure
        title={strings.failedTitle}
        detail={problemText(me.error)}
        retry={() => void me.refetch()}
        retryLabel={strings.retry}
      />
    )
  return (
    <div role="status" aria-label={strings.loading} className="flex h-dvh">
      <div className="hidden w-56 flex-col gap-3 border-r border-line bg-sunken p-4 md:flex">
        {Array.from({ length: 7 }, (_, row) => (
          <Skeleton key={row} className="h-5" />
        ))}
      </div>
    </div>
  )
}

/** Leads to the login page, once: the address it came from is read before it changes. */
function SignInFirst() {
  const router = useRouter()
  useEffect(() => {
    const { href, pathname } = router.state.location
    if (pathname !== '/login')
      void router.navigate({
        to: '/login',
        search: { next: href === '/' ? undefined : href },
        replace: true,
      })
  }, [router])
  return null
}

function useShellActions(openPalette: () => void, openSheet: () => void): () => void {
  const navigate = useNavigate()
  const client = useQueryClient()
  const signOut = () => {
    void writes.signOut().finally(() => {
      client.clear()
      void navigate({ to: '/login' })
    })
  }
  const actions: Action[] = [
    ...PLACES.map((place) => ({
      id: `go${place.to}`,
      label: place.label,
      group: strings.groups.go,
      shortcut: place.keys,
      run: () => void navigate({ to: place.to }),
    })),
    {
      id: 'palette',
      label: strings.palette.open,
      group: strings.groups.app,
      shortcut: 'mod+k',
      whileTyping: true,
      quiet: true,
      run: openPalette,
    },
    { id: 'shortcuts', label: strings.shortcuts.open, group: strings.groups.app, shortcut: '?', run: openSheet },
    { id: 'theme', label: strings.theme.toggle, group: strings.groups.app, run: toggleTheme },
    { id: 'sign-out', label: strings.signOut, group: strings.groups.app, run: signOut },
  ]
  useActions(actions)
  return signOut
}

function Frame() {
  const client = useQueryClient()
  const [connected, setConnected] = useState(true)
  const [overlay, setOverlay] = useState<'palette' | 'sheet' | null>(null)
  const [drawer, setDrawer] = useState(false)
  const signOut = useShellActions(
    () => setOverlay('palette'),
    () => setOverlay('sheet'),
  )

  useEffect(() => {
    // A short gap is nobody's business: the browser reconnects by itself.
    let cancel: (() => void) | undefined
    const stop = followEvents(client, (now) => {
      cancel?.()
      if (now) setConnected(true)
      else cancel = later(() => setConnected(false), OFFLINE_AFTER_MS)
    })
    return () => {
      cancel?.()
      stop()
    }
  }, [client])
  useEffect(listenForShortcuts, [])
  useWaitingInTitle(useOpenCount())

  const side = <Side onSearch={() => setOverlay('palette')} onGo={() => setDrawer(false)} signOut={signOut} />
  return (
    <div className="flex min-h-dvh md:h-dvh">
      <a
        href="#content"
        className={cx(
          'sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md',
          'focus:bg-accent focus:px-3 focus:py-1.5 focus:text-accent-text',
        )}
      >
        {strings.skip}
      </a>
      <aside aria-label={strings.nav.side} className="hidden w-56 shrink-0 border-r border-line bg-sunken md:flex">
        {side}
      </aside>
      {drawer && (
        <div className="fixed inset-0 z-40 md:hidden">
          <button
            type="button"
            aria-label={strings.nav.close}
            className="absolute inset-0 bg-black/40"
            onClick={() => setDrawer(false)}
          />
          <aside
            aria-label={strings.nav.side}
            className="absolute inset-y-0 left-0 flex w-64 border-r border-line bg-sunken"
          >
            {side}
          </aside>
        </div>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex h-12 items-center gap-2 border-b border-line px-2 md:hidden">
          <IconButton label={strings.nav.open} onClick={() => setDrawer(true)}>
            {drawer ? <X size={18} /> : <MenuIcon size={18} />}
          </IconButton>
          <span className="font-semibold">{strings.product}</span>
          <ToDecide />
        </header>
        {!connected && (
          <p role="status" className="bg-warn-soft px-4 py-1 text-xs text-warn">
            {strings.offline}
          </p>
        )}
        <main id="content" className="flex min-h-0 min-w-0 flex-1 flex-col md:overflow-y-auto">
          <Outlet />
        </main>
      </div>
      <Suspense fallback={null}>
        {overlay === 'palette' && <Palette onClose={() => setOverlay(null)} />}
        {overlay === 'sheet' && <ShortcutSheet onClose={() => setOverlay(null)} />}
      </Suspense>
      <Toasts dismissLabel={strings.dismiss} />
    </div>
  )
}

function Side({ onSearch, onGo, signOut }: { onSearch: () => void; onGo: () => void; signOut: () => void }) {
  const { data: me } = useQuery(queries.me())
  useStore(theme)
  return (
    <div className="flex w-full flex-col">
      <div className="flex h-12 items-center gap-2 px-4">
        <img src="/favicon.svg" alt="" className="size-5" />
        <span className="truncate font-semibold">{me?.workspace.name ?? strings.product}</span>
      </div>
      <div className="px-2 pb-2">
        <button
          type="button"
          onClick={onSearch}
          aria-keyshortcuts="mod+k"
          className={cx(
            'flex h-8 w-full items-center gap-2 rounded-md border border-line bg-bg px-2 text-sm text-faint',
            'hover:border-line-strong',
          )}
        >
          <Search size={14} />
          <span className="flex-1 truncate text-left">{strings.palette.hint}</span>
          <KeyCaps shortcut="mod+k" />
        </button>
      </div>
      <Nav onGo={onGo} />
      <div className="mt-auto flex items-center gap-1 border-t border-line p-2">
        <div className="min-w-0 flex-1 px-2">
          <p className="truncate text-sm font-medium">{me?.user.name}</p>
          <p className="truncate text-xs text-faint">
            {me?.role}
            {me && me.groups.length > 0 ? ` · ${me.groups.join(', ')}` : ''}
          </p>
        </div>
        <IconButton label={strings.theme.toggle} onClick={toggleTheme}>
          {shownTheme() === 'dark' ? <Sun size={16} /> : <Moon size={16} />}
        </IconButton>
        <IconButton label={strings.signOut} onClick={signOut}>
          <LogOut size={16} />
        </IconButton>
      </div>
    </div>
  )
}
