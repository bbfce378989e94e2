import { HighlightStyle, StreamLanguage, syntaxHighlighting, type StringStream } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { tags } from '@lezer/highlight'
import type { Mode } from '@/model/expression/complete'

type State = { inside: boolean; depth: number; quote: string | null; comment: boolean }

const WORDS = /^(?:and|or|in|true|false|null|function)\b/

/** One token of JSONata. */
function jsonata(stream: StringStream, state: State): string | null {
  if (state.comment) {
    state.comment = !stream.match(/^.*?\*\//)
    if (state.comment) stream.skipToEnd()
    return 'comment'
  }
  if (state.quote !== null) {
    const end = state.quote === '"' ? /^(?:[^"\\]|\\.)*"/ : state.quote === "'" ? /^(?:[^'\\]|\\.)*'/ : /^[^`]*`/
    const name = state.quote === '`'
    if (stream.match(end)) state.quote = null
    else stream.skipToEnd()
    return name ? 'propertyName' : 'string'
  }
  if (stream.eatSpace()) return null
  if (stream.match('/*')) {
    state.comment = true
    return 'comment'
  }
  if (stream.match(/^["'`]/)) {
    state.quote = stream.current()
    return state.quote === '`' ? 'propertyName' : 'string'
  }
  if (stream.match(/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)) return 'number'
  if (stream.match(WORDS)) return 'keyword'
  if (stream.match(/^\$\$?[A-Za-z0-9_]*/)) return stream.peek() === '(' ? 'function' : 'variableName'
  if (stream.match(/^[A-Za-z_][A-Za-z0-9_]*/)) return 'propertyName'
  if (stream.match(/^(?:!=|<=|>=|:=|~>|\?\?|\?:|\.\.|\*\*|[&=<>+\-*/%^~|@#])/)) return 'operator'
  const letter = stream.next()
  if (letter === '{') state.depth += 1
  if (letter === '}') state.depth -= 1
  return 'punctuation'
}

const start = (): State => ({ inside: false, depth: 0, quote: null, comment: false })

const expression = StreamLanguage.define<State>({
  name: 'jsonata',
  startState: start,
  token: jsonata,
  languageData: { closeBrackets: { brackets: ['(', '[', '{', '"', "'", '`'] } },
  tokenTable: { function: tags.function(tags.variableName) },
})

const template = StreamLanguage.define<State>({
  name: 'template',
  startState: start,
  copyState: (state) => ({ ...state }),
  tokenTable: { function: tags.function(tags.variableName) },
  languageData: { closeBrackets: { brackets: ['(', '[', '{', '"', '`'] } },
  token(stream, state) {
    if (!state.inside) {
      if (stream.match('{{')) {
        Object.assign(state, start(), { inside: true })
        return 'brace'
      }
      if (!stream.skipTo('{{')) stream.skipToEnd()
      return null
    }
    if (state.quote === null && !state.comment && state.depth <= 0 && stream.match('}}')) {
      state.inside = false
      return 'brace'
    }
    return jsonata(stream, state)
  },
})

const COLOURS = HighlightStyle.define([
  { tag: tags.string, color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--odd)' },
  { tag: [tags.function(tags.variableName), tags.variableName, tags.brace], color: 'var(--accent)' },
  { tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
  { tag: [tags.operator, tags.punctuation], color: 'var(--muted)' },
])

/** Highlighting of a JSONata expression, or of a text with some in `{{ }}`. */
export function language(mode: Mode): Extension {
  return [mode === 'expression' ? expression : template, syntaxHighlighting(COLOURS)]
}
