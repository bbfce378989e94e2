/// <reference types="vitest/config" />
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.COUNTERSIGN_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: {
      '@': new URL('./src', import.meta.url).pathname,
      // @rjsf/core's test helper names it; ours stands in, the real one needs `unsafe-eval`.
      '@rjsf/validator-ajv8': new URL('./src/components/schema-form/validator.ts', import.meta.url).pathname,
    },
  },
  build: { target: 'es2022', manifest: true, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
})
