import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Page } from '@playwright/test'

export type Account = { email: string; password: string; role: string }
export type Demo = {
  chat: string
  inbox: string
  runs: string
  phone?: string
  accounts: Account[]
  close: () => Promise<void>
}

const BIN = process.env.COUNTERSIGN_BIN ?? new URL('../../target/demo/countersign', import.meta.url).pathname
const FLAGS = (process.env.COUNTERSIGN_DEMO_FLAGS ?? '--json --port 0').split(' ').filter(Boolean)
const READY_MS = 30_000

function stop(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (process.exitCode !== null) return resolve()
    process.once('exit', () => resolve())
    process.kill('SIGTERM')
  })
}

/** Whether the text is one whole JSON value: the executable may write it over several lines. */
function complete(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Starts the executable in an empty directory and waits for the JSON that says where everything is. */
async function launch<T>(args: string[]): Promise<T & { close: () => Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'countersign-e2e-'))
  const child = spawn(BIN, args, { cwd: data, stdio: ['ignore', 'pipe', 'inherit'] })
  const first = new Promise<string>((resolve, reject) => {
    let text = ''
    createInterface({ input: child.stdout }).on('line', (line) => {
      text += `${line}\n`
      if (complete(text)) resolve(text)
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`countersign ${args[0]} ended with ${code} before it was ready`)))
    setTimeout(() => reject(new Error(`countersign ${args[0]} was not ready in time`)), READY_MS).unref()
  })
  const close = async () => {
    await stop(child)
    rmSync(data, { recursive: true, force: true })
  }
  try {
    return { ...(JSON.parse(await first) as T), close }
  } catch (error) {
    await close()
    throw error
  }
}

export const startDemo = (): Promise<Demo> => launch(['demo', ...FLAGS])

/** A server nobody has set up yet, and the link with which it is done. */
export const startEmpty = (): Promise<{ url: string; setup: string; close: () => Promise<void> }> =>
  launch(['serve', '--json', '--data', 'data', '--listen', '127.0.0.1:0'])

export function account(demo: Demo, role: string): Account {
  const found = demo.accounts.find((one) => one.role === role || one.email.startsWith(role))
  if (!found) throw new Error(`the demo has no account for ${role}`)
  return found
}

export async function signIn(page: Page, url: string, who: Account): Promise<void> {
  await page.goto(url)
  await page.getByLabel('E-mail').fill(who.email)
  await page.getByLabel('Password').fill(who.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
