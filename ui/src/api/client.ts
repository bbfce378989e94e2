import createClient, { type Middleware } from 'openapi-fetch'
import type { paths } from './schema'
import { strings } from './strings'
import type { Problem } from './types'

/** A refusal by the server: an RFC 9457 problem, or what we make of an answer that is none. */
export class ApiProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title)
    this.name = 'ApiProblem'
  }
  get status(): number {
    return this.problem.status
  }
  get code(): string {
    return this.problem.code
  }
}

const guard: Middleware = {
  onRequest({ request }) {
    // The server refuses cookie-authenticated writes without this header; another origin cannot set it.
    request.headers.set('X-Requested-With', 'countersign')
    return request
  },
}

export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' })
api.use(guard)

type Requested<T> = T extends { requestBody?: infer R }
  ? NonNullable<R> extends { content: { 'application/json': infer B } }
    ? B
    : never
  : never
/** What a call takes as its body. */
export type Body<P extends keyof paths, M extends keyof paths[P]> = Requested<paths[P][M]>

type Answer<T> = { data?: T; error?: unknown; response: Response }

function asProblem(error: unknown, response: Response): Problem {
  if (typeof error === 'object' && error !== null && 'title' in error) {
    const given = error as Partial<Problem>
    return {
      ...given,
      type: given.type ?? 'about:blank',
      title: given.title ?? '',
      status: given.status ?? response.status,
      code: given.code ?? 'unknown',
    }
  }
  const detail = typeof error === 'string' && error.length < 300 && !error.startsWith('<') ? error : undefined
  return {
    type: 'about:blank',
    title: strings.answered(response.status),
    status: response.status,
    code: 'unexpected_answer',
    detail,
  }
}

/** The data of an answer, or the problem thrown. */
export async function send<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiProblem({
      type: 'about:blank',
      title: strings.unreachable,
      detail: strings.unreachableHelp,
      status: 0,
      code: 'offline',
    })
  }
  if (!answer.response.ok) throw new ApiProblem(asProblem(answer.error, answer.response))
  return answer.data as T
}

/** What to tell a person about any failure. */
export function problemText(error: unknown): string {
  if (error instanceof ApiProblem) return error.message
  return error instanceof Error ? error.message : String(error)
}
