import cf from 'cloudfront';

// Runs on every request for published files, before the cache is looked at.
//
// The cache knows a file by its path alone, so every way to write a path is made one here: percent-encoding in its
// shortest form, doubled slashes folded, and `+` encoded, which S3 would take for a space. Query parameters are dropped,
// except those that carry a token. A request with a token, in whatever form, and one for a path that its host does not
// serve, goes to the app and past the cache: what marks it as uncached is part of the cache's key and never seen twice.

const ASSETS_HOST = '${AssetsHost}';
const STORES_HOST = '${StoresHost}';
const TOKEN_PARAMETERS = ['token', 'AUTH_TOKEN'];
const TOKEN_HEADERS = ['authorization', 'auth-token'];
const TOKEN_COOKIES = ['AUTH_TOKEN'];

function encoded(segment) {
    return encodeURIComponent(segment).replace(/[!'()*]/g, function (character) {
        return '%' + character.charCodeAt(0).toString(16).toUpperCase();
    });
}

function oneForm(path) {
    try {
        return path.replace(/\/{2,}/g, '/').split('/').map(decodeURIComponent).map(encoded).join('/');
    } catch (error) {
        return path; // not UTF-8: no file of ours, as the app will say
    }
}

function only(names, given) {
    const kept = {};
    names.forEach(function (name) {
        if (given[name]) {
            kept[name] = given[name];
        }
    });
    return kept;
}

function isServedBy(host, path) {
    if (path.startsWith('/stores/')) {
        return host === (STORES_HOST || ASSETS_HOST);
    }
    return ASSETS_HOST === '' || host === ASSETS_HOST;
}

function handler(event) {
    const request = event.request;
    const headers = request.headers;
    const host = headers.host.value.toLowerCase();
    headers['x-forwarded-host'] = { value: host };
    delete headers['x-uncached'];
    if (headers.auth_token && !headers['auth-token']) {
        headers['auth-token'] = headers.auth_token; // no policy can name a header with an underscore
    }
    request.uri = oneForm(request.uri);
    request.querystring = only(TOKEN_PARAMETERS, request.querystring);
    const withToken =
        Object.keys(request.querystring).length > 0 ||
        Object.keys(only(TOKEN_HEADERS, headers)).length > 0 ||
        Object.keys(only(TOKEN_COOKIES, request.cookies)).length > 0;
    if (withToken || !isServedBy(host, request.uri)) {
        headers['x-uncached'] = { value: event.context.requestId };
        cf.selectRequestOriginById('app');
    }
    return request;
}
