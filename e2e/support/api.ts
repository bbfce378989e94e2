import { expect, type APIRequestContext, type Page } from '@playwright/test'

export type Run = { id: string; version: number; status: string; steps: { step: string }[] }
export type OpenItem = { id: string; kind: string; summary: string; run: { id: string; version: number } }

/** The API with the session of a page. */
export class Api {
  private readonly request: APIRequestContext
  private readonly base: string

  constructor(page: Page, address: string) {
    this.request = page.request
    this.base = new URL(address).origin
  }

  async call<T>(
    method: 'get' | 'post' | 'put',
    path: string,
    data?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const answer = await this.request[method](`${this.base}/api/v1${path}`, {
      data,
      headers: { 'X-Requested-With': 'countersign', ...headers },
    })
    expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true)
    return (await answer.json()) as T
  }

  async save(id: string, document: unknown): Promise<void> {
    const { draft_revision } = await this.call<{ draft_revision: number }>('get', `/workflows/${id}`)
    await this.call('put', `/workflows/${id}/draft`, { document }, { 'If-Match': `"${draft_revision}"` })
  }

  /** Makes a workflow and publishes it; its id. */
  async publish(document: unknown, message = 'First'): Promise<string> {
    const { id } = await this.call<{ id: string }>('post', '/workflows', { document })
    await this.call('post', `/workflows/${id}/publish`, { message })
    return id
  }

  /** Starts a run and waits until it has come to rest. */
  start(workflow: string, over: { input?: object; customer?: object } = {}): Promise<Run> {
    return this.call('post', '/runs', { workflow, ...over }, { Prefer: 'wait=10' })
  }

  run(id: string): Promise<Run> {
    return this.call('get', `/runs/${id}`)
  }

  async open(): Promise<OpenItem[]> {
    return (await this.call<{ items: OpenItem[] }>('get', '/checkpoints?status=open')).items
  }
}
