/** What the list is found by. */
export const LIST_ID = 'inbox-list'

/** Leads the focus to the list, where what had it goes away. */
export function focusList(): void {
  document.getElementById(LIST_ID)?.focus()
}
