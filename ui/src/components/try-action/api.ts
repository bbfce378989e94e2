import { api, send, type Body } from '@/api/client'

const PATH = '/api/v1/connectors/{name}/actions/{action}/try'
export type Asked = Body<typeof PATH, 'post'>

/** Shows the request of an action, or sends it. `full` is `<connector>.<action>`. */
export function tryAction(full: string, body: Asked) {
  const dot = full.indexOf('.')
  const path = { name: full.slice(0, dot), action: full.slice(dot + 1) }
  return send(api.POST(PATH, { params: { path }, body }))
}
