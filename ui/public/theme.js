// Runs before the first paint so that the theme never flashes; a file of its own because the policy forbids inline
// code.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('countersign.theme')
  } catch (_) {}
  var dark = window.matchMedia('(prefers-color-scheme: dark)').matches
  document.documentElement.dataset.theme = chosen === 'dark' || chosen === 'light' ? chosen : dark ? 'dark' : 'light'
})()
