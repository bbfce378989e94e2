/* Countersign chat for any web page:
   <script src="https://HOST/widget.js" data-workspace="SLUG" data-label="Chat with us" async></script> */
;(function () {
  'use strict'
  var script = document.currentScript
  if (!script || window.__countersignWidget) return
  window.__countersignWidget = true
  var origin = new URL(script.src, location.href).origin
  var workspace = script.getAttribute('data-workspace')
  var label = script.getAttribute('data-label') || 'Chat'
  var colour = script.getAttribute('data-colour') || '#2f4ad0'
  if (!workspace) return console.error('countersign: data-workspace is missing on the widget script')

  var button = document.createElement('button')
  button.type = 'button'
  button.setAttribute('aria-label', label)
  button.setAttribute('aria-expanded', 'false')
  button.innerHTML =
    '<svg width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor"' +
    ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round"' +
    ' aria-hidden="true">' +
    '<path d="M21 15a2 2 0 0 1-2 2H7l-4 4V5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2z"/></svg>'
  assign(button, {
    position: 'fixed',
    right: '20px',
    bottom: '20px',
    width: '56px',
    height: '56px',
    border: '0',
    borderRadius: '50%',
    zIndex: '2147483000',
    background: colour,
    color: '#fff',
    cursor: 'pointer',
    boxShadow: '0 6px 24px rgba(0,0,0,.22)',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
  })

  var frame = null
  function assign(element, style) {
    for (var name in style) element.style[name] = style[name]
  }
  function place() {
    if (!frame) return
    var small = window.innerWidth < 480
    assign(
      frame,
      small
        ? { right: '0', bottom: '0', width: '100vw', height: '100dvh', borderRadius: '0' }
        : {
            right: '20px',
            bottom: '88px',
            width: '384px',
            height: 'min(640px, calc(100vh - 110px))',
            borderRadius: '16px',
          },
    )
  }
  function toggle(open) {
    if (open && !frame) {
      frame = document.createElement('iframe')
      frame.title = label
      frame.src = origin + '/c/' + encodeURIComponent(workspace) + '?embed=1'
      assign(frame, {
        position: 'fixed',
        border: '0',
        zIndex: '2147483000',
        background: 'transparent',
        boxShadow: '0 12px 48px rgba(0,0,0,.24)',
        colorScheme: 'normal',
      })
      document.body.appendChild(frame)
      window.addEventListener('resize', place)
    }
    if (frame) frame.style.display = open ? 'block' : 'none'
    place()
    button.setAttribute('aria-expanded', String(open))
    if (!open) button.focus()
  }
  button.addEventListener('click', function () {
    toggle(button.getAttribute('aria-expanded') !== 'true')
  })
  window.addEventListener('message', function (event) {
    if (event.origin === origin && event.data && event.data.countersign === 'close') toggle(false)
  })
  function start() {
    document.body.appendChild(button)
  }
  if (document.body) start()
  else document.addEventListener('DOMContentLoaded', start)
})()
