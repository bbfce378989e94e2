export const strings = {
  title: 'Roles and rights',
  text:
    'Each role may do what the ones before it may. Made from the table the server is tested against: every operation ' +
    'is sent as every role.',
  findLabel: 'Find an operation',
  find: 'Find an operation…',
  none: 'Nothing by that name',
  noneText: 'Try another word.',
  anyone: 'Anyone with the address',
  roles: { viewer: 'Viewer', operator: 'Operator', builder: 'Builder', admin: 'Admin' },
  operation: 'What it does',
  may: (role: string) => `${role} may`,
  mayNot: (role: string) => `${role} may not`,
  from: (role: string) => `From ${role} on`,
  subject: (subject: string) => subject.replace(/-/g, ' ').replace(/^./, (letter) => letter.toUpperCase()),
}
