export const strings = {
  login: {
    title: 'Sign in',
    email: 'E-mail',
    password: 'Password',
    submit: 'Sign in',
    tagline: 'Automation that asks before it acts.',
  },
  setup: {
    title: 'Set up your account',
    text: 'This link works once. Choose a password and you are in.',
    name: 'Your name',
    email: 'E-mail',
    password: 'New password',
    passwordHint: 'At least 10 characters.',
    submit: 'Start',
    missing: 'This link is not complete.',
    missingHelp: 'Open the whole link as the server printed it, or ask an administrator for a new one.',
  },
}
