import { expect, type Locator, type Page } from '@playwright/test'

/** What somebody who knows no syntax does not type. */
const SYNTAX = /[{}$\\]/

/**
 * A person at the builder whose actions are counted. One action is one control used: a button pressed, a box ticked, a
 * field filled in, a card opened, a list opened and chosen from. Nothing that is syntax can be typed.
 */
export class Counted {
  readonly actions: string[] = []

  constructor(private readonly page: Page) {}

  private get panel(): Locator {
    return this.page.getByRole('complementary', { name: 'Settings of the step' })
  }

  private did(what: string): void {
    this.actions.push(what)
  }

  private async type(text: string): Promise<void> {
    expect(text, 'no syntax is typed').not.toMatch(SYNTAX)
    await this.page.keyboard.type(text)
  }

  /** A step out of the row of kinds, after the one that is open. */
  async add(kind: string): Promise<void> {
    this.did(`add ${kind}`)
    const cards = this.page.locator('.react-flow__node')
    const count = await cards.count()
    await this.page.getByRole('toolbar', { name: 'Step kinds' }).getByRole('button', { name: kind }).click()
    await expect(cards).toHaveCount(count + 1)
  }

  /** A step that calls an action, looked for by what it does, after the one that is open. */
  async addAction(title: string): Promise<void> {
    this.did(`add the action ${title}`)
    await this.page.getByRole('button', { name: 'Add a step', exact: true }).click()
    await this.choose(title)
  }

  /** A step on a way out of the one that is open. */
  async addOn(exit: string, kind: string): Promise<void> {
    this.did(`add ${kind} on ${exit}`)
    await this.panel.getByRole('button', { name: `New step: ${exit}` }).click()
    await this.choose(kind)
  }

  private async choose(what: string): Promise<void> {
    const box = this.page.getByPlaceholder('Kind of step or action…')
    await expect(box).toBeFocused()
    await this.type(what)
    await expect(this.page.getByRole('dialog').locator('[cmdk-item][data-selected=true]')).toContainText(what)
    await this.page.keyboard.press('Enter')
    await expect(box).toBeHidden()
  }

  async open(title: string): Promise<void> {
    this.did(`open ${title}`)
    await this.page
      .locator('.react-flow__node')
      .filter({ has: this.page.getByText(title, { exact: true }) })
      .click()
    await expect(this.panel.getByRole('heading', { level: 2, name: title, exact: true })).toBeVisible()
  }

  async press(button: string): Promise<void> {
    this.did(`press ${button}`)
    await this.panel.getByRole('button', { name: button, exact: true }).last().click()
  }

  async tab(name: string): Promise<void> {
    this.did(`tab ${name}`)
    await this.panel.getByRole('tab', { name }).click()
  }

  async take(menu: string, item: string): Promise<void> {
    this.did(`${menu}: ${item}`)
    await this.panel.getByRole('button', { name: menu, exact: true }).last().click()
    await this.page.getByRole('menuitem', { name: item, exact: true }).click()
  }

  async tick(label: string): Promise<void> {
    this.did(`tick ${label}`)
    await this.panel.getByLabel(label, { exact: true }).last().click()
  }

  async fill(label: string, text: string): Promise<void> {
    this.did(`fill ${label}`)
    await this.panel.getByLabel(label, { exact: true }).last().click()
    await this.page.keyboard.press('ControlOrMeta+a')
    await this.type(text)
  }

  async select(label: string, option: string): Promise<void> {
    this.did(`select ${label}: ${option}`)
    await this.panel.getByLabel(label, { exact: true }).last().selectOption(option)
  }

  /** A value out of the list, into the field at the end of its text. */
  async pick(label: string | RegExp, value: RegExp): Promise<void> {
    this.did(`pick ${String(value)} for ${String(label)}`)
    const field = this.panel.getByLabel(label, { exact: true }).last()
    const around = field.locator('xpath=ancestor-or-self::*[.//button[@aria-label="Insert a value"]][1]')
    await around.getByRole('button', { name: 'Insert a value' }).click()
    await this.fromList(around, value)
  }

  /** A value out of the list that a button opens. */
  async pickBy(button: string, value: RegExp): Promise<void> {
    this.did(`${button}: ${String(value)}`)
    await this.panel.getByRole('button', { name: button, exact: true }).click()
    const group = this.panel.locator('section', { has: this.page.getByRole('button', { name: button, exact: true }) })
    await this.fromList(group.last(), value)
  }

  private async fromList(around: Locator, value: RegExp): Promise<void> {
    const nearest = around.locator('xpath=ancestor-or-self::*[.//*[@role="listbox" and @aria-label="Values"]][1]')
    await nearest.getByRole('listbox', { name: 'Values' }).getByRole('option', { name: value }).first().click()
  }
}
