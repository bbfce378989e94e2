import { expect, it } from 'vitest'
import { formMessage } from './form-message'
import type { Json } from './json'

const words = { yesNo: ['Yes', 'No'] as const }
const plan: Json = { properties: { plan: { title: 'Which plan?', enum: ['Basic', 'Team'] } } }

it('has buttons or rows where the channel has them', () => {
  for (const showing of ['buttons', 'list'] as const)
    expect(formMessage(showing, 'Hello.', plan, words)).toEqual({
      text: 'Hello.\n\nWhich plan?',
      choices: ['Basic', 'Team'],
      link: false,
    })
})
it('numbers the answers where there is only text', () => {
  expect(formMessage('numbered', 'Hello.', plan, words)).toEqual({
    text: 'Hello.\n\nWhich plan?\n\n1. Basic\n2. Team',
    choices: [],
    link: false,
  })
})
it('names choices as the server counts them', () => {
  expect(formMessage('buttons', '', { properties: { sure: { type: 'boolean' } } }, words)).toEqual({
    text: 'sure',
    choices: ['Yes', 'No'],
    link: false,
  })
  const titled: Json = { properties: { size: { oneOf: [{ const: 1, title: 'Small' }, { const: 2 }] } } }
  expect(formMessage('buttons', '', titled, words).choices).toEqual(['Small', '2'])
})
it('asks one question, and does not say it twice', () => {
  expect(formMessage('question', 'Your e-mail?', { properties: { email: { title: 'Your e-mail?' } } }, words)).toEqual({
    text: 'Your e-mail?',
    choices: [],
    link: false,
  })
})
it('leads to the form where it cannot be shown', () => {
  expect(formMessage('link', 'Hello.', plan, words)).toEqual({ text: 'Hello.', choices: [], link: true })
})
it('bears a form that is not finished', () => {
  const unfinished: Json[] = [null, {}, { properties: {} }, { properties: { a: null } }]
  for (const form of unfinished) expect(() => formMessage('buttons', '', form, words)).not.toThrow()
})
