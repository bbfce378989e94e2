import './index.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiProblem } from '@/api/client'
import { router } from '@/app/router'
import '@/app/theme'

const client = new QueryClient({
  defaultOptions: {
    // The server may be on this very machine: the browser's idea of being offline says nothing about it.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiProblem && error.status >= 400 && error.status < 500),
      refetchOnWindowFocus: true,
    },
  },
})

// A session that ends while the app is open leads back to the login page, wherever that is noticed.
client.getQueryCache().subscribe((event) => {
  if (event.type !== 'updated' || event.action.type !== 'error' || (event.query.queryKey as unknown[])[0] === 'me')
    return
  const error: unknown = event.action.error
  if (error instanceof ApiProblem && error.status === 401) void client.resetQueries({ queryKey: ['me'] })
})

const element = document.getElementById('root')
if (element) {
  createRoot(element).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
}
