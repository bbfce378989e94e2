import { expect, test } from 'vitest'
import { fileNameOf, withFileName } from './file-value'

test('a file keeps its name in its address', () => {
  const url = withFileName('data:image/png;base64,AAAA', 'Foto; 1,ä.png')
  expect(url).toBe('data:image/png;name=Foto%3B%201%2C%C3%A4.png;base64,AAAA')
  expect(fileNameOf(url)).toBe('Foto; 1,ä.png')
  expect(fileNameOf('data:image/png;base64,AAAA')).toBe('image/png')
  expect(fileNameOf('data:image/png;name=%E0%A4;base64,AAAA')).toBe('%E0%A4')
  for (const other of ['data: none', 'image.png', 7, null, undefined]) expect(fileNameOf(other)).toBeNull()
})
