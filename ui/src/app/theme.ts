import { createStore } from '@/ui/store'

export type Theme = 'light' | 'dark' | 'system'

const KEY = 'countersign.theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')

function stored(): Theme {
  const value = localStorage.getItem(KEY)
  return value === 'dark' || value === 'light' ? value : 'system'
}

export const theme = createStore<Theme>(stored())

export function shownTheme(): 'light' | 'dark' {
  const chosen = theme.get()
  return chosen === 'system' ? (system.matches ? 'dark' : 'light') : chosen
}

function paint(): void {
  document.documentElement.dataset.theme = shownTheme()
}

export function setTheme(next: Theme): void {
  if (next === 'system') localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, next)
  theme.set(next)
  paint()
}

export function toggleTheme(): void {
  setTheme(shownTheme() === 'dark' ? 'light' : 'dark')
}

system.addEventListener('change', paint)
paint()
