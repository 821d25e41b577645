/** What the reference page says about one kind of mistake. */
export interface MistakeCode {
  /** Stable: a code is neither changed nor used again for something else. */
  readonly code: string;
  readonly title: string;
  /** Why it matters and what to do, in Markdown. */
  readonly explanation: string;
}

/** Every kind of mistake by the name that the code uses for it; `docs/errors.md` is made from this. */
export const mistakeCodes = {
  // ---- 01: the text

  'unreadable-site-file': code(
    'MH0101',
    'A file of the configuration cannot be read',
    'The site file, or a file that `Include` names, is missing, is a directory or a pipe, is too large, or may not be read by the account that starts modhost. Check the path (relative ones are relative to `ServerRoot`) and the permissions.',
  ),
  encoding: code(
    'MH0102',
    'The text is not UTF-8',
    'Site files are read as UTF-8, with or without a byte order mark. Save the file in that encoding.',
  ),
  'nul-byte': code(
    'MH0103',
    'A NUL byte ends the line',
    'Everything behind the NUL byte is lost, as in httpd. The file was probably written by a program, or is not a text file.',
  ),
  'line-too-long': code(
    'MH0104',
    'A line is too long',
    'A line, with all lines that continue it, may be 16 MiB long. Look for a backslash at the end of a line that should not be there.',
  ),
  'too-much': code(
    'MH0105',
    'The files or macros multiply',
    'Files that include each other, macros that use each other or sections that nest without end. Reading stops there; later mistakes are not reported in this run.',
  ),

  // ---- 02: sections

  'section-not-closed': code(
    'MH0201',
    'A section is not closed',
    'Each section ends in the file in which it begins: write `</Name>` for each `<Name …>`. Neither an included file nor a macro can close a section of the file that uses it.',
  ),
  'section-not-opened': code(
    'MH0202',
    'A closing tag without its section',
    'There is no open section of that name. Remove the line, or correct the name.',
  ),
  'section-order': code(
    'MH0203',
    'Sections are closed in the wrong order',
    'The section that was opened last is closed first.',
  ),
  'section-bracket': code(
    'MH0204',
    'A bracket of a section is missing',
    'Sections are written `<Name argument>` and `</Name>`, with no blank behind `<` and none inside the closing tag.',
  ),

  // ---- 03: variables, conditionals, other files, macros

  'undefined-variable': code(
    'MH0301',
    'A variable is not defined',
    'Neither a `Define` above this line nor the environment has the variable, so that the text stays as it is, as in httpd. A bare `Define NAME` or `-D NAME` is for `<IfDefine>` only and gives it no value.',
  ),
  condition: code(
    'MH0302',
    'A condition cannot be understood',
    '`<IfDefine>`, `<IfModule>`, `<IfFile>`, `<IfDirective>` and `<IfSection>` take one name, with `!` in front of it for the opposite; `<IfVersion>` takes an operator and a version such as `>= 2.4`.',
  ),
  'module-absent': code(
    'MH0303',
    'Lines for a module that modhost does not have',
    'The lines in this `<IfModule>` are for a module of Apache whose directives modhost does not carry out; they are skipped. Make sure that nothing in it is missed, such as a protection.',
  ),
  include: code(
    'MH0304',
    'Include finds nothing',
    'No file, directory or wildcard of that name is there. Use `IncludeOptional` for files that need not exist.',
  ),
  'macro-unknown': code(
    'MH0305',
    'A macro is not defined',
    '`Use` and `UndefMacro` name a macro that a `<Macro>` above them defines.',
  ),
  'macro-arguments': code(
    'MH0306',
    'A macro is used with the wrong number of values',
    '`Use` gives one value for each parameter of the `<Macro>`. Quote values that hold blanks.',
  ),
  'macro-recursion': code('MH0307', 'A macro uses itself', 'Macros may use others, but not themselves.'),
  'macro-head': code(
    'MH0308',
    'A macro is declared wrongly',
    'Write `<Macro name $first $second>`: a name, and parameters that differ from each other.',
  ),
  'macro-doubtful': code(
    'MH0309',
    'A macro is probably not meant like this',
    'It is empty, does not use one of its parameters, replaces an earlier one, or has a parameter without `$`, `%` or `@`, which is then replaced wherever these letters stand.',
  ),

  // ---- 04: names and places of directives

  'unknown-directive': code(
    'MH0401',
    'An unknown directive',
    'Neither Apache 2.4 nor mod_wsgi has a directive of this name. [directives.md](directives.md) lists all that modhost knows. Put a blank between the name and its arguments, and `#` at the beginning of a comment.',
  ),
  'unknown-section': code(
    'MH0402',
    'An unknown section',
    'Neither Apache 2.4 nor mod_wsgi has a section of this name. [directives.md](directives.md) lists all that modhost knows.',
  ),
  'not-allowed-here': code(
    'MH0403',
    'A directive stands where it must not',
    'The message names the places where it may stand; they are those of Apache.',
  ),
  refused: code(
    'MH0404',
    'A directive that modhost does not carry out and that matters for safety',
    'Apache knows it, modhost does not carry it out yet, and starting without it could open what it closes, let somebody pass for somebody else, or lift a limit. Remove it if you can do without it, or say the same with other directives.',
  ),
  'no-effect': code(
    'MH0405',
    'A directive without effect in modhost',
    'Apache knows it and modhost does not carry it out. Nothing becomes unsafe without it, so this is a warning.',
  ),

  // ---- 05: arguments

  'argument-count': code(
    'MH0501',
    'The wrong number of arguments',
    'Arguments are separated by blanks; put one that holds blanks in quotes. A `#` behind a directive does not begin a comment: comments have lines of their own.',
  ),
  argument: code(
    'MH0502',
    'An argument is not what the directive takes',
    'The message says what was expected. [directives.md](directives.md) shows the arguments of each directive.',
  ),
  'argument-doubtful': code(
    'MH0503',
    'An argument is probably not meant like this',
    'The directive is carried out, but what it says can hardly be what was wanted; the message says why.',
  ),
  'unknown-option': code(
    'MH0504',
    'There is no such option',
    'Options are written `name=value`, without blanks around `=`. The message names the nearest one.',
  ),
  pattern: code(
    'MH0505',
    'A regular expression cannot be used',
    'Either it is wrong, or it uses something of PCRE that JavaScript does not have, such as atomic groups, possessive quantifiers or recursion. The message names the part.',
  ),
  'no-such-account': code(
    'MH0506',
    'There is no such user or group',
    'The system has no account of that name. Numeric ids are written `#1000`. Root is refused: neither front ends nor applications may run as root.',
  ),
  'no-such-directory': code(
    'MH0507',
    'A directory does not exist',
    'The directory has to exist when modhost starts; it is not made. For the `DocumentRoot` of a virtual host this is a warning, as in httpd.',
  ),
  'declared-twice': code(
    'MH0508',
    'Something is declared twice',
    'The names of process groups and the addresses of `Listen` are declared once each. The message names the first place.',
  ),
  'argument-refused': code(
    'MH0509',
    'modhost does not carry this argument out',
    'Apache knows it, modhost does not carry it out yet, and going on without it would mean something else than what is written.',
  ),
  'asked-to-stop': code(
    'MH0510',
    'The site file asks to stop',
    'An `Error` directive was reached. Its text says why.',
  ),
  'argument-no-effect': code(
    'MH0511',
    'An argument without effect in modhost',
    'Apache knows it and modhost does not carry it out. Nothing becomes unsafe without it, so this is a warning.',
  ),

  expression: code(
    'MH0512',
    'An expression cannot be read',
    "Conditions are written as in Apache: `%{VARIABLE}`, `req('Header')` or a quoted text, an operator such as `==`, `=~` or `-in`, and another one of these; `&&`, `||`, `!` and parentheses put conditions together. The message says at which character it stopped.",
  ),

  'option-idle': code(
    'MH0513',
    'An option does nothing beside the others',
    'Apache takes it and says nothing. The message names what is missing, or what does not go with it: add or remove that, or remove the option.',
  ),

  // ---- 06: the whole

  'no-listener': code(
    'MH0601',
    'No address to listen on',
    'At least one `Listen` is needed, such as `Listen 8080`.',
  ),
  'unknown-process-group': code(
    'MH0602',
    'A process group is not declared',
    'No `WSGIDaemonProcess` declares the process group that applications shall run in here.',
  ),
  'process-group-elsewhere': code(
    'MH0603',
    'A process group belongs to another virtual host',
    'A process group that is declared in a virtual host serves virtual hosts of the same `ServerName` only. Declare it outside, and all can use it.',
  ),
  'provider-incomplete': code(
    'MH0604',
    'A provider lacks what it asks',
    '`AuthBasicProvider wsgi` asks the script that `WSGIAuthUserScript` names. Without one every login fails.',
  ),
  'never-matches': code(
    'MH0605',
    'A path that no request has',
    'URL paths begin with `/` and are compared after `%`-escapes are decoded. A protection that never matches protects nothing.',
  ),
  shadowed: code(
    'MH0606',
    'An alias that is never reached',
    'The first alias that matches a path is taken: write longer paths before shorter ones.',
  ),

  // ---- 07: what the file refers to (looked at by `-t`)

  'missing-file': code(
    'MH0701',
    'A file is missing',
    'A file that the directive reads does not exist. Until a password or group file does, nobody can log in; a map of `RewriteMap` has to be there when modhost starts.',
  ),
  'missing-script': code(
    'MH0702',
    'A script file is missing',
    'Requests for it are answered with 404, logins that ask it with 500, until the file exists.',
  ),
  'missing-folder': code(
    'MH0706',
    'A directory is missing',
    'A process group or an alias names a directory that does not exist. Daemon processes whose `home=` or `python-home=` is missing cannot start, and requests for them are answered with 503; what an alias leads to is answered with 404.',
  ),
  'unreadable-file': code(
    'MH0703',
    'A file that front ends or applications cannot read',
    'The account of `User` and `Group`, or that of the process group, lacks permission to read the file or to enter a directory above it.',
  ),
  'world-readable': code(
    'MH0704',
    'Everybody on this machine can read the passwords',
    'The hashes of a password file can be attacked by whoever can read them. Make the file readable for the group of the front ends only: `chown root:www-data` and `chmod 640`.',
  ),
  'group-refused': code(
    'MH0707',
    'A process group with which no server starts',
    'What the line asks for cannot be carried out for the scripts of the group: `chroot=` without an interpreter or an account inside, or with a script outside. A start ends with the same words. Who is not root is only warned, since root may start the server.',
  ),
  'address-taken': code(
    'MH0705',
    'modhost cannot listen on an address',
    'Another program listens there, or the port needs privileges that the current account does not have.',
  ),

  // ---- 08: protection

  'open-in-effect': code(
    'MH0801',
    'A place looks protected and is open',
    'The section has directives that ask for a login or restrict who may enter, but requests for it are let in without one: there is no `Require`, or another section that is merged later, or joined by `AuthMerging Or`, grants access to all.',
  ),
  'fails-for-all': code(
    'MH0802',
    'Every request here fails',
    'A login is asked for, but something that it needs is missing, such as `AuthType`, `AuthName` or the password file. Requests are answered with 500.',
  ),
  'never-granted': code(
    'MH0803',
    'Nobody can enter here',
    'The requirements cannot be fulfilled by anybody: one of them denies all, or they name only users and groups that do not exist.',
  ),
  requirements: code(
    'MH0804',
    'Requirements are put together wrongly',
    'Something in the tree of requirements has to grant: `Require not` and `<RequireNone>` only take back what another line of the `<RequireAll>` around them grants.',
  ),

  'unread-htaccess': code(
    'MH0805',
    'A .htaccess file that looks like a protection is not read',
    'It lies in a directory that the site file names and says who may enter, but `AllowOverride None` holds there, so that nobody looks at it. Say the same in the site file, or allow it with `AllowOverride AuthConfig` (`Order`, `Allow` and `Deny` need `Limit`).',
  ),

  // ---- 09: TLS

  'tls-file-missing': code(
    'MH0901',
    'A certificate or key is not there',
    'The file that the directive names does not exist, is empty or is a directory. Certbot keeps them as `fullchain.pem` and `privkey.pem` in `/etc/letsencrypt/live/NAME/`.',
  ),
  'tls-file-unusable': code(
    'MH0902',
    'A certificate or key cannot be used',
    'The account that starts modhost may not read the file, or it holds no such thing in PEM form (`-----BEGIN CERTIFICATE-----`, `-----BEGIN PRIVATE KEY-----`), or OpenSSL does not accept it. Key files may be readable by root alone: front ends get the keys from the process that starts them.',
  ),
  'tls-key-mismatch': code(
    'MH0903',
    'The key belongs to another certificate',
    'Certificate and key have to be made for each other. With several certificates, the keys stand in the same order. Compare `openssl x509 -noout -pubkey -in CERTIFICATE` with `openssl pkey -pubout -in KEY`.',
  ),
  'tls-key-encrypted': code(
    'MH0904',
    'The key is encrypted',
    'Nobody is there to type its password when the server starts. Write the key without one (`openssl pkey -in KEY -out NEW`, readable by root alone), or name a program that prints it: `SSLPassPhraseDialog exec:/path`.',
  ),
  'tls-certificate-expired': code(
    'MH0905',
    'A certificate is not valid today',
    'Browsers refuse it, or will within 14 days. Renew it; after that, `modhost -k graceful` reads the new files.',
  ),
  'tls-certificate-name': code(
    'MH0906',
    'A certificate is made out for other names',
    'Browsers refuse a certificate that does not name the host they ask for: `ServerName`, or a `ServerAlias`, is none of its names.',
  ),
  'tls-incomplete': code(
    'MH0907',
    'TLS lacks something that it needs',
    '`SSLEngine on` needs an `SSLCertificateFile`, and `SSLVerifyClient` needs authorities whose certificates are believed: `SSLCACertificateFile` or `SSLCACertificatePath`.',
  ),
  'tls-plain': code(
    'MH0908',
    'What looks like HTTPS is plain HTTP',
    'A `Listen` says `https`, or a directive needs TLS, but no `SSLEngine on` is in force there: passwords and pages would travel for everybody to read.',
  ),
} as const satisfies Readonly<Record<string, MistakeCode>>;

/** The name of a kind of mistake. */
export type MistakeKind = keyof typeof mistakeCodes;

function code(code: string, title: string, explanation: string): MistakeCode {
  return { code, title, explanation };
}
