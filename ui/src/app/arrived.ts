/** The query the browser came with, as it was written: the router reads numbers out of it. */
export const arrivedWith = new URLSearchParams(window.location.search)

// The code that a service sends people back with does not stay in the address, nor in the history.
if (window.location.pathname === '/oauth/callback') {
  window.history.replaceState(window.history.state, '', window.location.pathname)
}
