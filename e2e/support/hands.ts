import { expect, type Locator, type Page } from '@playwright/test'

/** How a person works in the builder; the same workflow is built by two kinds of hands. */
export interface Hands {
  /** Opens a new empty workflow. */
  create: (name: string) => Promise<void>
  /** Puts a step in front of the first one. */
  addFirst: (kind: string) => Promise<void>
  /** Puts a step on a way out of another one. */
  addAfter: (from: string, exit: string, kind: string) => Promise<void>
  connect: (from: string, exit: string, to: string) => Promise<void>
  /** Opens the settings of a step, or of the workflow. */
  open: (title: string | null) => Promise<void>
  fill: (label: string | RegExp, text: string) => Promise<void>
  choose: (label: string | RegExp, option: string) => Promise<void>
  /** Opens a menu and takes an item. */
  take: (menu: string, item: string) => Promise<void>
  press: (button: string | RegExp) => Promise<void>
  tick: (label: string) => Promise<void>
  tidy: () => Promise<void>
  /** Opens the dialog, looks at what it shows, says why and publishes. */
  publish: (message: string, look?: (dialog: Locator) => Promise<void>) => Promise<void>
  /** From the dialog of a publish: what the last runs would have done. */
  backtest: (look: (dialog: Locator) => Promise<void>) => Promise<void>
  /** From the builder to the versions. */
  versions: () => Promise<void>
  rollBack: (version: number) => Promise<void>
  /** Moves all runs that may be moved to a version. */
  moveRuns: (version: number, button: string) => Promise<void>
}

export const card = (page: Page, title: string): Locator =>
  page.locator('.react-flow__node').filter({ has: page.getByText(title, { exact: true }) })
const played = (page: Page): Locator => page.getByRole('dialog', { name: /last runs have done/ })
const row = (page: Page, version: number): Locator =>
  page
    .getByRole('list', { name: 'Versions' })
    .getByRole('listitem')
    .filter({ has: page.getByText(`v${version}`, { exact: true }) })
const panel = (page: Page): Locator => page.getByRole('complementary', { name: 'Settings of the step' })

async function enter(page: Page, text: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+a')
  // Short texts are typed letter by letter, with all the editor makes of it; long ones come in one piece.
  if (text.length <= 24) await page.keyboard.type(text)
  else await page.keyboard.insertText(text)
}

/** What is written on the line of a way out, where it is not its name. */
const LABELS: Record<string, string> = { 'when 1': 'not on Enterprise yet' }

/** Clicks, drags and types; no key is used to get anywhere. */
export class Mouse implements Hands {
  constructor(private readonly page: Page) {}

  async create(name: string): Promise<void> {
    await this.page.getByRole('link', { name: 'Workflows', exact: true }).click()
    await this.page.getByRole('button', { name: 'New workflow' }).click()
    await this.page.getByLabel('Name').click()
    await this.page.keyboard.insertText(name)
    await this.page.getByRole('button', { name: 'Create' }).click()
    await expect(this.page.locator('.react-flow__node')).toHaveCount(1)
  }

  async addFirst(kind: string): Promise<void> {
    await this.open(null)
    await this.page.getByRole('toolbar', { name: 'Step kinds' }).getByRole('button', { name: kind }).click()
  }

  async addAfter(from: string, exit: string, kind: string): Promise<void> {
    const count = await this.page.locator('.react-flow__node').count()
    const line = await this.unused(from, exit)
    if (line) {
      // Drawn out of the card into the open, where the kinds are offered.
      const pane = await this.page.locator('.react-flow').boundingBox()
      const start = await line.boundingBox()
      if (!pane || !start) throw new Error('nothing to draw on')
      await this.page.mouse.move(start.x + start.width / 2, start.y + start.height / 2)
      await this.page.mouse.down()
      await this.page.mouse.move(pane.x + pane.width - 60, pane.y + 40, { steps: 6 })
      await this.page.mouse.up()
      await this.page
        .getByRole('option', { name: new RegExp(`^${kind}`) })
        .first()
        .click()
    } else if (exit !== 'next') {
      await this.page
        .getByRole('button', { name: new RegExp(`^Insert a step here: ${from}, ${LABELS[exit] ?? exit}`) })
        .click()
      await this.page
        .getByRole('option', { name: new RegExp(`^${kind}`) })
        .first()
        .click()
    } else {
      await this.open(from)
      await this.page.getByRole('toolbar', { name: 'Step kinds' }).getByRole('button', { name: kind }).click()
    }
    await expect(this.page.locator('.react-flow__node')).toHaveCount(count + 1)
  }

  /** The handle of a way out that leads nowhere yet. */
  private async unused(from: string, exit: string): Promise<Locator | null> {
    await this.open(from)
    const handle = card(this.page, from).locator(`.react-flow__handle.source[data-handleid="${exit}"]`)
    await expect(handle).toBeVisible()
    return (await handle.evaluate((element) => element.classList.contains('!border-dashed'))) ? handle : null
  }

  async connect(from: string, exit: string, to: string): Promise<void> {
    await this.fit()
    await this.open(from)
    await card(this.page, from).locator(`.react-flow__handle.source[data-handleid="${exit}"]`).hover()
    await this.page.mouse.down()
    const target = await card(this.page, to).locator('.react-flow__handle.target').boundingBox()
    if (!target) throw new Error(`${to} is not to be seen`)
    await this.page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 8 })
    await this.page.mouse.up()
  }

  private async fit(): Promise<void> {
    await this.page.getByRole('button', { name: 'Fit to the window' }).click()
    await this.still()
  }

  /** Until the view has stopped moving. */
  private async still(): Promise<void> {
    const where = () => this.page.locator('.react-flow__viewport').getAttribute('style')
    let last = await where()
    await expect
      .poll(
        async () => {
          const now = await where()
          const same = now === last
          last = now
          return same
        },
        { intervals: [60] },
      )
      .toBe(true)
  }

  async open(title: string | null): Promise<void> {
    await this.fit()
    if (title === null) {
      const close = panel(this.page).getByRole('button', { name: 'Close panel' })
      if (await close.isVisible()) await close.click()
    } else {
      await card(this.page, title).click()
      await expect(panel(this.page).getByRole('heading', { level: 2, name: title, exact: true })).toBeVisible()
    }
  }

  async fill(label: string | RegExp, text: string): Promise<void> {
    await panel(this.page).getByLabel(label, { exact: true }).last().click()
    await enter(this.page, text)
  }

  async choose(label: string | RegExp, option: string): Promise<void> {
    await panel(this.page).getByLabel(label, { exact: true }).last().selectOption(option)
  }

  async take(menu: string, item: string): Promise<void> {
    await this.press(menu)
    await this.page.getByRole('menuitem', { name: item, exact: true }).click()
  }

  async press(button: string | RegExp): Promise<void> {
    await panel(this.page).getByRole('button', { name: button, exact: true }).last().click()
  }

  async tick(label: string): Promise<void> {
    await panel(this.page).getByLabel(label).click()
  }

  async tidy(): Promise<void> {
    await this.page.getByRole('button', { name: 'More' }).click()
    await this.page.getByRole('menuitem', { name: 'Tidy up the layout' }).click()
    await this.still()
  }

  async publish(message: string, look?: (dialog: Locator) => Promise<void>): Promise<void> {
    await this.page.getByRole('button', { name: 'Publish' }).click()
    const dialog = this.page.getByRole('dialog', { name: 'Publish this draft' })
    await look?.(dialog)
    await dialog.getByLabel('What changed and why').click()
    await this.page.keyboard.insertText(message)
    await dialog.getByRole('button', { name: 'Publish' }).click()
  }

  async backtest(look: (dialog: Locator) => Promise<void>): Promise<void> {
    await this.page.getByRole('button', { name: 'Back-test' }).click()
    await played(this.page).getByRole('button', { name: 'Play them' }).click()
    await look(played(this.page))
    await played(this.page).getByRole('button', { name: 'Close' }).click()
    await expect(played(this.page)).toBeHidden()
  }

  async versions(): Promise<void> {
    await this.page.getByRole('button', { name: 'More' }).click()
    await this.page.getByRole('menuitem', { name: 'Open versions' }).click()
    await expect(row(this.page, 1)).toBeVisible()
  }

  async rollBack(version: number): Promise<void> {
    await row(this.page, version).getByRole('button', { name: 'Roll back to this' }).click()
    await this.page.getByRole('dialog').getByRole('button', { name: 'Roll back to this' }).click()
  }

  async moveRuns(version: number, button: string): Promise<void> {
    await row(this.page, version)
      .getByRole('button', { name: `More for version ${version}` })
      .click()
    await this.page.getByRole('menuitem', { name: 'Move waiting runs here…' }).click()
    await this.page.getByRole('dialog').getByRole('button', { name: button }).click()
  }
}

/** Defined in the page: what the focused control is called, and how many Tabs lead to one of a given name. */
function namesInPage(): void {
  const nameOf = (at: Element | null): string => {
    if (!(at instanceof HTMLElement)) return ''
    const by = at.getAttribute('aria-labelledby')
    const own = (at as HTMLInputElement).labels?.[0]?.textContent
    return (
      (by && document.getElementById(by)?.textContent) ||
      at.getAttribute('aria-label') ||
      own ||
      at.textContent ||
      ''
    ).trim()
  }
  const tabs = (pattern: string): number => {
    const wanted = new RegExp(pattern)
    const all = [
      ...document.querySelectorAll<HTMLElement>(
        'a[href], button, input, select, textarea, [tabindex="0"], [contenteditable="true"]',
      ),
    ].filter((one) => one.tabIndex >= 0 && !one.matches(':disabled') && one.checkVisibility())
    const from = all.indexOf(document.activeElement as HTMLElement)
    for (let step = 0; step < all.length; step += 1)
      if (wanted.test(nameOf(all[(from + step + all.length) % all.length] ?? null))) return step
    return 0
  }
  Object.assign(window, { focusedName: () => nameOf(document.activeElement), tabsTo: tabs })
}
declare global {
  interface Window {
    focusedName: () => string
    tabsTo: (pattern: string) => number
  }
}
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const TABS_MAX = 250
const ESCAPES_MAX = 4

/** Presses keys only; the mouse is never touched. */
export class Keyboard implements Hands {
  constructor(private readonly page: Page) {}

  /** Tab by Tab until the control of that name has the focus. */
  private async reach(label: string | RegExp): Promise<void> {
    const pattern = typeof label === 'string' ? `^${escaped(label)}( \\*)?$` : label.source
    await this.page.evaluate(namesInPage)
    const likely = await this.page.evaluate((wanted) => window.tabsTo(wanted), pattern)
    for (let tabs = 0; tabs < likely; tabs += 1) await this.page.keyboard.press('Tab')
    for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
      if (new RegExp(pattern).test(await this.page.evaluate(() => window.focusedName()))) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`Tab does not lead to ${String(label)}`)
  }

  async create(name: string): Promise<void> {
    await this.page.keyboard.press('g')
    await this.page.keyboard.press('w')
    await expect(this.page.getByRole('heading', { name: 'Workflows' })).toBeVisible()
    await this.page.keyboard.press('n')
    await expect(this.page.getByLabel('Name')).toBeFocused()
    await this.page.keyboard.type(name)
    await this.page.keyboard.press('Enter')
    await expect(this.page.locator('.react-flow__node')).toHaveCount(1)
  }

  /** Out of the field, where keys are commands; what an editor offers takes an Escape of its own. */
  private async leave(): Promise<void> {
    const typing = () =>
      this.page.evaluate(
        () => document.activeElement?.matches('input, textarea, select, [contenteditable=true]') ?? false,
      )
    for (let escapes = 0; escapes < ESCAPES_MAX && (await typing()); escapes += 1)
      await this.page.keyboard.press('Escape')
  }

  private async find(text: string): Promise<void> {
    await this.leave()
    await this.page.keyboard.press('/')
    const box = this.page.getByPlaceholder('Kind of step or action…')
    await expect(box).toBeFocused()
    await this.page.keyboard.type(text)
    await expect(this.page.locator('[cmdk-item][data-selected=true]')).toContainText(text)
    await this.page.keyboard.press('Enter')
    await expect(box).toBeHidden()
  }

  async addFirst(kind: string): Promise<void> {
    await this.open(null)
    await this.find(kind)
    await this.titled()
  }

  async addAfter(from: string, exit: string, kind: string): Promise<void> {
    await this.open(from)
    await this.reach(`New step: ${LABELS[exit] ?? exit}`)
    await this.page.keyboard.press('Enter')
    const box = this.page.getByPlaceholder('Kind of step or action…')
    await expect(box).toBeFocused()
    await this.page.keyboard.type(kind)
    await expect(this.page.locator('[cmdk-item][data-selected=true]')).toContainText(kind)
    await this.page.keyboard.press('Enter')
    await expect(box).toBeHidden()
    await this.titled()
  }

  private async titled(): Promise<void> {
    await expect(panel(this.page).getByLabel('Title')).toBeFocused()
  }

  /** Chooses in the focused list by typing what is written there. */
  private async pick(option: string): Promise<void> {
    await this.page.keyboard.type(option)
  }

  async connect(from: string, exit: string, to: string): Promise<void> {
    await this.open(from)
    await this.reach(exit)
    await this.pick(to)
  }

  async open(title: string | null): Promise<void> {
    await this.leave()
    if (title === null) {
      const whole = panel(this.page).getByRole('heading', { level: 2, name: 'Workflow', exact: true })
      for (let escapes = 0; escapes < ESCAPES_MAX && !(await whole.isVisible()); escapes += 1)
        await this.page.keyboard.press('Escape')
      await expect(whole).toBeVisible()
      await this.page.keyboard.press('Tab')
      return
    }
    await this.find(title)
    await this.page.keyboard.press('Enter')
    await this.titled()
  }

  async fill(label: string | RegExp, text: string): Promise<void> {
    // What an action takes is there a moment after its name: nobody goes on to what they do not see.
    await expect(panel(this.page).getByLabel(label, { exact: true }).last()).toBeVisible()
    await this.reach(label)
    await enter(this.page, text)
  }

  async choose(label: string | RegExp, option: string): Promise<void> {
    await this.reach(label)
    await this.pick(option)
  }

  async take(menu: string, item: string): Promise<void> {
    await this.press(menu)
    await expect(this.page.getByRole('menu')).toBeVisible()
    // Each key is answered before the next: the menu moves the focus a moment after it.
    const at = () => this.page.evaluate(() => document.activeElement?.closest('[role=menuitem]')?.textContent ?? '')
    await expect.poll(at).not.toBe('')
    const count = await this.page.getByRole('menuitem').count()
    for (let down = 0; down < count; down += 1) {
      const here = await at()
      if (here === item) break
      await this.page.keyboard.press('ArrowDown')
      await expect.poll(at).not.toBe(here)
    }
    await expect(this.page.getByRole('menuitem', { name: item, exact: true })).toBeFocused()
    await this.page.keyboard.press('Enter')
    await expect(this.page.getByRole('menu')).toBeHidden()
  }

  async press(button: string | RegExp): Promise<void> {
    await this.reach(button)
    await this.page.keyboard.press('Enter')
  }

  async tick(label: string): Promise<void> {
    await this.reach(label)
    await this.page.keyboard.press('Space')
  }

  async tidy(): Promise<void> {
    await this.leave()
    await this.page.keyboard.press('l')
  }

  async publish(message: string, look?: (dialog: Locator) => Promise<void>): Promise<void> {
    await this.leave()
    await this.page.keyboard.press('ControlOrMeta+Shift+P')
    await expect(this.page.getByLabel('What changed and why')).toBeFocused()
    await look?.(this.page.getByRole('dialog', { name: 'Publish this draft' }))
    await this.reach('What changed and why')
    await this.page.keyboard.type(message)
    await this.page.keyboard.press('Enter')
  }

  async backtest(look: (dialog: Locator) => Promise<void>): Promise<void> {
    await this.press('Back-test')
    await expect(played(this.page).getByLabel('Last runs')).toBeFocused()
    await this.press('Play them')
    await look(played(this.page))
    await this.page.keyboard.press('Escape')
    await expect(played(this.page)).toBeHidden()
  }

  async versions(): Promise<void> {
    await this.leave()
    await this.page.keyboard.press('g')
    await this.page.keyboard.press('v')
    await expect(row(this.page, 1)).toBeVisible()
  }

  /** Up to the newest version, then down to the one wanted. */
  private async chooseVersion(version: number): Promise<void> {
    const count = await this.page.getByRole('list', { name: 'Versions' }).getByRole('listitem').count()
    for (let up = 0; up < count; up += 1) await this.page.keyboard.press('k')
    for (let down = count; down > version; down -= 1) await this.page.keyboard.press('j')
    await expect(row(this.page, version)).toHaveAttribute('aria-current', 'true')
  }

  async rollBack(version: number): Promise<void> {
    await this.chooseVersion(version)
    await this.page.keyboard.press('b')
    await expect(this.page.getByRole('dialog').getByLabel('Why')).toBeFocused()
    await this.page.keyboard.press('Enter')
  }

  async moveRuns(version: number, button: string): Promise<void> {
    await this.chooseVersion(version)
    await this.page.keyboard.press('m')
    await expect(this.page.getByRole('dialog').getByRole('button', { name: button })).toBeEnabled()
    await this.press(button)
  }
}
