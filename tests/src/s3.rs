//! The S3 engine: s3s on a port of 127.0.0.1.

use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

/// The access key of every client, and the only one that the S3 engine accepts.
pub(crate) const ACCESS_KEY: &str = "tests";
/// The secret of [`ACCESS_KEY`].
pub(crate) const SECRET_KEY: &str = "tests";

/// Starts an engine over the directory `root`, whose subdirectories are the buckets. Returns its endpoint.
pub async fn serve(root: &Path) -> String {
    let files = FileSystem::new(root).expect("a directory to serve");
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the bound port");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let server = Builder::new(TokioExecutor::new());
                // A client may close its connection in the middle of a request.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    format!("http://{address}")
}
