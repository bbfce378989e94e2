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
const walls = [
  ...features.map((feature) =>
    wall(
      [`src/features/${feature}/**`],
      features
        .filter((other) => other !== feature)
        .map((other) => ({ group: [`@/features/${other}/*`, `@/features/${other}`, `**/../${other}/*`], message: 'A feature does not import another feature.' })),
    ),
  ),
  wall(['src/model/**'], [
    { group: ['react', 'react-dom', '@tanstack/*', '@xyflow/*', '@/api/*', '@/app/*', '@/components/*', '@/features/*', '@/ui/*'], message: 'The model has no React and no fetch.' },
  ]),
  wall(['src/ui/**'], [{ group: ['@/api/*', '@/app/*', '@/components/*', '@/features/*'], message: 'ui/ holds primitives only.' }]),
  wall(['src/components/**'], [{ group: ['@/features/*', '@/features/**'], message: 'components/ is below the features.' }]),
]

export default ts.config(
  { ignores: ['dist', 'src/api/schema.d.ts', 'scripts', 'public'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  hooks.configs.flat['recommended-latest'],
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 600 }],
    },
  },
  ...walls,
  { files: ['eslint.config.js'], ...ts.configs.disableTypeChecked, languageOptions: { globals: { URL: 'readonly' } } },
)
