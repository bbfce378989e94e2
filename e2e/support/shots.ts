import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const DIR = new URL('../screenshots/', import.meta.url).pathname

export async function setTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.evaluate((name) => {
    localStorage.setItem('countersign.theme', name)
    document.documentElement.dataset.theme = name
    // Two frames: the colours are drawn, and what is checked is what is seen.
    return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  }, theme)
  // Colours on their way from one theme to the other are neither.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((moving) => Number.isFinite(Number(moving.effect?.getComputedTiming().endTime)))
        .map((moving) => moving.finished),
    ),
  )
}

/** Until the page shows what it is about, not the grey lines in its place. */
export async function ready(page: Page): Promise<void> {
  await expect(page.locator('.skeleton')).toHaveCount(0)
}

/** Saves the page in both themes. */
export async function shoot(page: Page, name: string): Promise<void> {
  await ready(page)
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(page, theme)
    await page.screenshot({ path: `${DIR}${name}-${theme}.png`, animations: 'disabled', timeout: 30_000 })
  }
  await setTheme(page, 'light')
}

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']

/** Fails on what axe finds, in both themes. */
export async function accessible(page: Page): Promise<void> {
  await ready(page)
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(page, theme)
    const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
    expect(
      violations.map(
        (violation) =>
          `${theme} ${violation.id}: ${violation.nodes
            .map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`)
            .slice(0, 4)
            .join(' | ')}`,
      ),
    ).toEqual([])
  }
  await setTheme(page, 'light')
}
