import { defineConfig } from '@playwright/test'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Letters are drawn alike on every machine.
  '--font-render-hinting=none',
  '--disable-lcd-text',
  '--force-color-profile=srgb',
]

const TIMED = '**/many-steps.spec.ts'

export default defineConfig({
  // Bounds, not expectations: the machine may be busy with something else.
  timeout: 240_000,
  expect: { timeout: 20_000 },
  // Files side by side, each with a server of its own; the tests of a file one after the other.
  workers: 2,
  // A test that needs a second try is reported as flaky, and is to be mended.
  retries: process.env.CI ? 2 : 0,
  outputDir: 'test-results',
  snapshotPathTemplate: '{testDir}/{testFilePath}-snapshots/{arg}{ext}',
  reporter: [['list']],
  use: {
    viewport: { width: 1440, height: 900 },
    deviceScaleFactor: 1,
    locale: 'en-GB',
    timezoneId: 'UTC',
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS },
    actionTimeout: 8_000,
    screenshot: 'only-on-failure',
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
  },
  projects: [
    // The pages with invented answers, from the built files: looks and accessibility, no server needed.
    { name: 'pages', testDir: 'pages', testIgnore: TIMED },
    // The whole product: the real executable, started by the test.
    { name: 'real', testDir: 'real' },
    // What is timed has the machine to itself.
    { name: 'timed', testDir: 'pages', testMatch: TIMED, dependencies: ['pages', 'real'] },
  ],
})
