import { isObject, type Json } from './json'

/** How the server says a channel shows a form. */
export type Showing = 'inline' | 'buttons' | 'list' | 'numbered' | 'question' | 'questions' | 'link'

/** A form as the message a customer gets: text, then what can be pressed. */
export type FormMessage = { text: string; choices: string[]; link: boolean }

/** The labels of a field with fixed choices, as `crates/channels/src/forms.rs` reads them. */
function choicesOf(field: Json, [yes, no]: readonly [string, string]): string[] {
  if (!isObject(field)) return []
  if (field.type === 'boolean') return [yes, no]
  const label = (value: Json | undefined) => (typeof value === 'string' ? value : JSON.stringify(value ?? null))
  if (Array.isArray(field.enum)) return field.enum.map(label)
  return Array.isArray(field.oneOf)
    ? field.oneOf.map((option) => label(isObject(option) ? (option.title ?? option.const) : option))
    : []
}

/** What the message says for this way of showing; `inline` is the form itself and has none. */
export function formMessage(
  showing: Showing,
  prompt: string,
  form: Json,
  words: { yesNo: readonly [string, string] },
): FormMessage {
  const entries = isObject(form) && isObject(form.properties) ? Object.entries(form.properties) : []
  const [entry] = entries
  if (showing === 'link' || showing === 'inline' || !entry)
    return { text: prompt, choices: [], link: showing === 'link' }
  const [name, field] = entry
  const own = isObject(field) && typeof field.title === 'string' && field.title !== '' ? field.title : name
  const title = showing === 'questions' ? `(1/${entries.length}) ${own}` : own
  const choices = showing === 'question' ? [] : choicesOf(field, words.yesNo)
  const numbered =
    showing === 'numbered' || showing === 'questions' ? choices.map((choice, index) => `${index + 1}. ${choice}`) : []
  const text = [prompt, title, numbered.join('\n')]
    .filter((part, index, all) => part.trim() !== '' && all.indexOf(part) === index)
    .join('\n\n')
  return { text, choices: showing === 'numbered' || showing === 'questions' ? [] : choices, link: false }
}
