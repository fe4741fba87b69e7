// Runs on every response. API Gateway renames this header of the app's, without which no browser asks who you are.

function handler(event) {
    const response = event.response;
    const renamed = response.headers['x-amzn-remapped-www-authenticate'];
    if (renamed) {
        response.headers['www-authenticate'] = renamed;
        delete response.headers['x-amzn-remapped-www-authenticate'];
    }
    return response;
}
