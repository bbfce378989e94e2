import js from '@eslint/js'
import { readdirSync } from 'node:fs'
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

// Walls between the folders: a feature never reaches into another one, the model knows neither React nor the network,
// and the primitives in ui/ know nothing of the product.
const features = readdirSync(new URL('./src/features', import.meta.url))
const wall = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
})
const calls = {
  group: ['@/api/client'],
  importNames: ['api', 'send'],
  message: 'A feature reads and writes through its own api.ts.',
}
const walls = [
  ...features.flatMap((feature) => {
    const others = features
      .filter((other) => other !== feature)
      .map((other) => ({
        group: [`@/features/${other}/*`, `@/features/${other}`, `**/../${other}/*`],
        message: 'A feature does not import another feature.',
      }))
    return [wall([`src/features/${feature}/**`], [...others, calls]), wall([`src/features/${feature}/api.ts`], others)]
  }),
  wall(
    ['src/model/**'],
    [
      {
        group: [
          'react',
          'react-dom',
          '@tanstack/*',
          '@xyflow/*',
          '@/api/*',
          '@/app/*',
          '@/components/*',
          '@/features/*',
          '@/ui/*',
        ],
        message: 'The model has no React and no fetch.',
      },
    ],
  ),
  wall(
    ['src/ui/**'],
    [{ group: ['@/api/*', '@/app/*', '@/components/*', '@/features/*'], message: 'ui/ holds primitives only.' }],
  ),
  wall(
    ['src/components/**'],
    [{ group: ['@/features/*', '@/features/**'], message: 'components/ is below the features.' }],
  ),
]

// What people read stands in a strings.ts, where a translation finds it. Marks, units and `{{ code }}` are no words; a
// sentence
// is one wherever it stands, except in an error that only a programmer sees.
const SPOKEN = new RegExp(
  '^(aria-label|aria-description|aria-roledescription|aria-valuetext|alt|title|label|placeholder|' +
    'hint|heading|help|description|word|\\w+Label)$',
)
const hasWord = (text) => /\p{L}{2}/u.test(text.replace(/\{\{.*?(\}\}|$)/gs, '').replace(/\b\d+\p{L}+/gu, ''))
const isSentence = (text) => /^\p{Lu}\p{Ll}*,? +\p{Ll}|\p{L} \p{Ll}.*\.$/u.test(text)

/** The literals an expression may come to. */
function outcomes(node) {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [{ node, text: node.value }] : []
    case 'TemplateLiteral':
      return node.quasis.map((quasi) => ({ node: quasi, text: quasi.value.raw }))
    case 'ConditionalExpression':
      return [...outcomes(node.consequent), ...outcomes(node.alternate)]
    case 'LogicalExpression':
      return [...(node.operator === '&&' ? [] : outcomes(node.left)), ...outcomes(node.right)]
    case 'BinaryExpression':
      return node.operator === '+' ? [...outcomes(node.left), ...outcomes(node.right)] : []
    case 'JSXExpressionContainer':
    case 'TSAsExpression':
      return outcomes(node.expression)
    case 'AssignmentPattern':
      return outcomes(node.right)
    default:
      return []
  }
}

const words = {
  meta: { type: 'problem', schema: [], messages: { text: 'A text for people belongs in a strings.ts: “{{ text }}”.' } },
  create(context) {
    const told = new Set()
    const tell = (found, is) =>
      found
        .filter(({ node, text }) => is(text) && !told.has(node) && told.add(node))
        .forEach(({ node, text }) => context.report({ node, messageId: 'text', data: { text: text.trim() } }))
    const inError = (node) =>
      context.sourceCode.getAncestors(node).some((one) => one.type === 'NewExpression' && one.callee.name === 'Error')
    const named = ({ key }) => key.name ?? key.value
    return {
      JSXText: (node) => tell([{ node, text: node.value }], hasWord),
      'JSXElement > JSXExpressionContainer, JSXFragment > JSXExpressionContainer': (node) =>
        tell(outcomes(node), hasWord),
      JSXAttribute: (node) => SPOKEN.test(node.name.name) && tell(outcomes(node.value), hasWord),
      Property: (node) => SPOKEN.test(named(node)) && tell(outcomes(node.value), hasWord),
      'Literal, TemplateElement': (node) =>
        !inError(node) && tell(node.type === 'Literal' ? outcomes(node) : [{ node, text: node.value.raw }], isSentence),
    }
  },
}

export default ts.config(
  { ignores: ['dist', 'src/api/schema.d.ts', 'scripts', 'public'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  hooks.configs.flat['recommended-latest'],
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 600 }],
      'max-lines-per-function': ['error', { max: 100 }],
    },
  },
  ...walls,
  // A suite is one function, however many cases it holds.
  { files: ['src/**/*.test.ts'], rules: { 'max-lines-per-function': 'off' } },
  {
    files: ['src/**'],
    ignores: ['**/*strings.ts', '**/*.test.ts'],
    plugins: { countersign: { rules: { words } } },
    rules: { 'countersign/words': 'error' },
  },
  { files: ['eslint.config.js'], ...ts.configs.disableTypeChecked, languageOptions: { globals: { URL: 'readonly' } } },
)
