import { anywhere, type Definition, insideSections, outsideSections } from '../../definition.js';
import { rows } from './rows.js';

/** What an answer looks like. */
export const answersRest: readonly Definition[] = [
  ...rows(
    'autoindex',
    'ignored',
    anywhere,
    'there are no directory listings',
    `
    AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding AddIconByType DefaultIcon FancyIndexing HeaderName
    IndexHeadInsert IndexIgnore IndexIgnoreReset IndexOptions IndexOrderDefault IndexStyleSheet ReadmeName`,
  ),
  ...rows(
    'brotli',
    'ignored',
    outsideSections,
    'answers are not compressed',
    `
    BrotliAlterETag BrotliCompressionMaxInputBlock BrotliCompressionQuality BrotliCompressionWindow BrotliFilterNote`,
  ),
  ...rows(
    'deflate',
    'ignored',
    outsideSections,
    'answers are not compressed',
    `
    DeflateAlterETag DeflateBufferSize DeflateCompressionLevel DeflateFilterNote DeflateMemLevel DeflateWindowSize`,
  ),
  ...rows(
    'deflate',
    'accepted',
    anywhere,
    'request bodies are not decompressed',
    `
    DeflateInflateLimitRequestBody DeflateInflateRatioBurst DeflateInflateRatioLimit`,
  ),
  ...rows(
    'filter',
    'ignored',
    anywhere,
    'there are no filters',
    `
    AddOutputFilterByType FilterChain FilterDeclare FilterProtocol FilterProvider FilterTrace`,
  ),
  ...rows('buffer', 'ignored', insideSections, 'there are no filters', 'BufferSize'),
  ...rows(
    'cache',
    'ignored',
    outsideSections,
    'answers are not cached',
    `
    CacheIgnoreCacheControl CacheIgnoreHeaders CacheIgnoreQueryString CacheIgnoreURLSessionIdentifiers CacheKeyBaseURL CacheLock
    CacheLockMaxAge CacheLockPath CacheQuickHandler`,
  ),
  ...rows(
    'cache',
    'ignored',
    anywhere,
    'answers are not cached',
    `
    CacheDefaultExpire CacheDetailHeader CacheDisable CacheEnable CacheHeader CacheIgnoreNoLastMod CacheLastModifiedFactor
    CacheMaxExpire CacheMinExpire CacheStaleOnError CacheStoreExpired CacheStoreNoStore CacheStorePrivate`,
  ),
  ...rows(
    'cache_disk',
    'ignored',
    anywhere,
    'answers are not cached',
    `
    CacheDirLength CacheDirLevels CacheMaxFileSize CacheMinFileSize CacheReadSize CacheReadTime CacheRoot`,
  ),
  ...rows(
    'cache_socache',
    'ignored',
    anywhere,
    'answers are not cached',
    `
    CacheSocache CacheSocacheMaxSize CacheSocacheMaxTime CacheSocacheMinTime CacheSocacheReadSize CacheSocacheReadTime`,
  ),
  ...rows('file_cache', 'accepted', outsideSections, 'tunes the inside of httpd', 'CacheFile MMapFile'),
  ...rows('cern_meta', 'ignored', anywhere, 'not carried out yet', 'MetaDir MetaFiles MetaSuffix'),
  ...rows(
    'charset_lite',
    'ignored',
    anywhere,
    'there are no filters',
    'CharsetDefault CharsetOptions CharsetSourceEnc',
  ),
  ...rows('ext_filter', 'ignored', insideSections, 'there are no filters', 'ExtFilterOptions'),
  ...rows('ext_filter', 'ignored', outsideSections, 'there are no filters', 'ExtFilterDefine'),
  ...rows('imagemap', 'ignored', anywhere, 'there are no image maps', 'ImapBase ImapDefault ImapMenu'),
  ...rows(
    'include',
    'ignored',
    anywhere,
    'there are no server-side includes',
    `
    SSIETag SSIEndTag SSIErrorMsg SSILastModified SSILegacyExprParser SSIStartTag SSITimeFormat SSIUndefinedEcho XBitHack`,
  ),
  ...rows('sed', 'ignored', insideSections, 'there are no filters', 'InputSed OutputSed'),
  ...rows(
    'substitute',
    'ignored',
    anywhere,
    'there are no filters',
    'Substitute SubstituteInheritBefore SubstituteMaxLineLength',
  ),
  ...rows(
    'xml2enc',
    'ignored',
    anywhere,
    'there are no filters',
    'xml2EncAlias xml2EncDefault xml2StartParse',
  ),
  ...rows('reflector', 'ignored', anywhere, 'there are no filters', 'ReflectorHeader'),
  ...rows('request', 'accepted', insideSections, 'tunes the inside of httpd', 'KeptBodySize'),
  ...rows(
    'speling',
    'ignored',
    anywhere,
    'not carried out yet',
    'CheckBasenameMatch CheckCaseOnly CheckSpelling',
    /^off$/i,
  ),
  ...rows(
    'usertrack',
    'ignored',
    anywhere,
    'not carried out yet',
    `
    CookieDomain CookieExpires CookieHTTPOnly CookieName CookieSameSite CookieSecure CookieStyle CookieTracking`,
  ),
];
