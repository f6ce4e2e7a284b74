//! The root of `zun/wordpress:1`: WordPress behind an Apache with PHP, from Debian's packages. The programs are those of
//! this machine; WordPress itself is unpacked into the root and not installed here, where it would bring a web server that
//! runs.
//!
//! Its default program `blog` waits for the database, makes the blog in it where there is none yet, and serves it on port
//! 80. Everything it has to know is in the environment: `WORDPRESS_DB_HOST`, `WORDPRESS_DB_NAME`, `WORDPRESS_DB_USER`,
//! `WORDPRESS_DB_PASSWORD`, `WORDPRESS_URL`, `WORDPRESS_TITLE`, `WORDPRESS_ADMIN_USER`, `WORDPRESS_ADMIN_EMAIL` and
//! `WORDPRESS_ADMIN_PASSWORD`. What users upload is in `/usr/share/wordpress/wp-content/uploads`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::debian::{copy, files, libraries, newest};
use super::write_program;
use crate::process;

/// Unpacked from their packages: WordPress, what its package links to in others, and the time zones that Debian's PHP
/// reads.
const PACKAGES: [&str; 6] = [
    "wordpress",
    "wordpress-theme-twentytwentythree",
    "php-getid3",
    "libjs-cropper",
    "libjs-underscore",
    "tzdata",
];
const HINT: &str = "`apt-get install apache2-bin libapache2-mod-php php-mysql php-xml`";

const APACHE: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";
/// The modules of Apache that the configuration loads, beside PHP.
const MODULE_NAMES: [&str; 4] = ["mpm_prefork", "authz_core", "dir", "mime"];
/// The extensions of PHP that WordPress asks for, in the order in which they have to be loaded.
const EXTENSIONS: [&str; 15] = [
    "mysqlnd",
    "mysqli",
    "ctype",
    "dom",
    "exif",
    "fileinfo",
    "ftp",
    "iconv",
    "posix",
    "simplexml",
    "sockets",
    "tokenizer",
    "xml",
    "xmlreader",
    "xmlwriter",
];
const HOME: &str = "usr/share/wordpress";

const APACHE_CONF: &str = r#"
ServerRoot /etc/wordpress
ServerName localhost
ServerTokens Prod
PidFile /run/apache2/apache2.pid
Listen 80
User www-data
Group www-data
ErrorLog /proc/self/fd/2
CustomLog /proc/self/fd/1 "%h %t \"%r\" %>s %b"
TypesConfig /etc/mime.types
DocumentRoot /usr/share/wordpress
DirectoryIndex index.php
FallbackResource /index.php
StartServers 2
MinSpareServers 1
MaxSpareServers 3
MaxRequestWorkers 8
PHPIniDir /etc/wordpress
<FilesMatch "\.php$">
    SetHandler application/x-httpd-php
</FilesMatch>
<Directory /usr/share/wordpress>
    Require all granted
</Directory>
# What users upload is never run.
<Directory /usr/share/wordpress/wp-content/uploads>
    php_admin_flag engine off
    <FilesMatch "\.php$">
        SetHandler None
        Require all denied
    </FilesMatch>
</Directory>
"#;

const WP_CONFIG: &str = r"<?php
// Everything comes from the environment of the container. Keys and salts are made once and kept in the database.
define('DB_HOST', getenv('WORDPRESS_DB_HOST'));
define('DB_NAME', getenv('WORDPRESS_DB_NAME'));
define('DB_USER', getenv('WORDPRESS_DB_USER'));
define('DB_PASSWORD', getenv('WORDPRESS_DB_PASSWORD'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_HOME', getenv('WORDPRESS_URL'));
define('WP_SITEURL', getenv('WORDPRESS_URL'));
// The image is replaced as a whole, and its network may have no way outside.
define('DISALLOW_FILE_MODS', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
";

const SETUP: &str = r#"<?php
// Waits for the database, and makes the blog in it where there is none yet.
mysqli_report(MYSQLI_REPORT_OFF);
$ask = fn() => @new mysqli(getenv('WORDPRESS_DB_HOST'), getenv('WORDPRESS_DB_USER'), getenv('WORDPRESS_DB_PASSWORD'),
    getenv('WORDPRESS_DB_NAME'));
for ($left = 60; ($database = $ask())->connect_errno; $left--) {
    if ($left === 0) {
        fwrite(STDERR, "the database does not let us in: {$database->connect_error}\n");
        exit(1);
    }
    sleep(1);
}
$database->close();
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url(getenv('WORDPRESS_URL'), PHP_URL_HOST);
$_SERVER['REQUEST_URI'] = '/';
require '/usr/share/wordpress/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
if (!is_blog_installed()) {
    wp_install(getenv('WORDPRESS_TITLE'), getenv('WORDPRESS_ADMIN_USER'), getenv('WORDPRESS_ADMIN_EMAIL'), true, '',
        getenv('WORDPRESS_ADMIN_PASSWORD'));
    echo "the blog is made\n";
}
update_option('blogname', getenv('WORDPRESS_TITLE'));
"#;

const BLOG: &str = r#"#!/bin/sh
set -e
for name in DB_HOST DB_NAME DB_USER DB_PASSWORD URL TITLE ADMIN_USER ADMIN_EMAIL ADMIN_PASSWORD; do
    eval "value=\${WORDPRESS_$name:-}"
    if [ -z "$value" ]; then echo "set WORDPRESS_$name" >&2; exit 1; fi
done
uploads=/usr/share/wordpress/wp-content/uploads
mkdir -p "$uploads" /run/apache2
chown www-data:www-data "$uploads"
php -c /etc/wordpress /usr/lib/wordpress/setup.php
exec apache2 -f /etc/wordpress/apache2.conf -D FOREGROUND
"#;

/// What the image is told beside its root.
pub(super) fn changes() -> Vec<String> {
    [
        "CMD [\"blog\"]",
        "ENV PATH=/bin:/usr/bin:/usr/sbin",
        "EXPOSE 80/tcp",
    ]
    .map(ToOwned::to_owned)
    .to_vec()
}

/// Adds Apache, PHP and WordPress to a root with a busybox.
pub(super) fn fill(root: &Path) -> Result<()> {
    let module = php_module()?;
    let version = version_of(&module)?;
    let php = PathBuf::from(format!("/usr/bin/php{version}"));
    let extensions = newest(Path::new("/usr/lib/php"), "mysqli.so", HINT)?;
    let mut parts = vec![PathBuf::from(APACHE), php.clone(), module.clone()];
    parts.extend(MODULE_NAMES.map(|name| Path::new(MODULES).join(format!("mod_{name}.so"))));
    parts.extend(EXTENSIONS.map(|name| extensions.join(format!("{name}.so"))));
    for part in &parts {
        ensure!(
            part.is_file(),
            "no {} to make an image of: {HINT}",
            part.display()
        );
    }
    let types = PathBuf::from("/etc/mime.types");
    for path in parts.iter().chain(&libraries(&parts)?).chain([&types]) {
        copy(path, root)?;
    }
    std::os::unix::fs::symlink(&php, root.join("usr/bin/php"))?;
    unpack(root)?;
    configure(root, &module)
}

/// Apache's module of the newest PHP.
fn php_module() -> Result<PathBuf> {
    let found = files(Path::new(MODULES)).with_context(|| format!("no Apache: {HINT}"))?;
    let modules = found.into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libphp") && name.ends_with(".so")
    });
    modules
        .max()
        .with_context(|| format!("no PHP in {MODULES} to make an image of: {HINT}"))
}

/// `8.2` of `libphp8.2.so`.
fn version_of(module: &Path) -> Result<String> {
    let name = module.file_name().unwrap_or_default().to_string_lossy();
    let version = name
        .strip_prefix("libphp")
        .and_then(|name| name.strip_suffix(".so"));
    let version = version.with_context(|| format!("{name} has no version in its name"))?;
    Ok(version.to_owned())
}

/// WordPress and what it links to, fetched from where this machine has its packages.
fn unpack(root: &Path) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.arg("-q").args(arguments).current_dir(folder.path());
        process::run(&mut command, Duration::from_mins(5))?.success()
    };
    let download = [&["download"], &PACKAGES[..]].concat();
    // A machine that had all else may have no lists of packages, or old ones.
    apt_get(&download)
        .or_else(|_| apt_get(&["update"]).and_then(|_| apt_get(&download)))
        .context("cannot fetch WordPress from Debian")?;
    for package in files(folder.path())? {
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("-x").arg(&package).arg(root);
        process::run(&mut unpack, Duration::from_mins(1))?.success()?;
    }
    for unused in [
        "usr/share/doc",
        "usr/share/man",
        "usr/share/lintian",
        "etc/apparmor.d",
    ] {
        match fs::remove_dir_all(root.join(unused)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {unused}"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn configure(root: &Path, module: &Path) -> Result<()> {
    let modules =
        MODULE_NAMES.map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"));
    let php = format!("LoadModule php_module {}\n", module.display());
    let apache = [&modules.concat(), &php, APACHE_CONF].concat();
    let extensions = EXTENSIONS
        .map(|name| format!("extension={name}\n"))
        .concat();
    let limits = "sendmail_path = /bin/true\nlog_errors = On\nmemory_limit = 64M\nupload_max_filesize = 32M\npost_max_size = 33M\n";
    for (path, text) in [
        ("etc/wordpress/apache2.conf", apache),
        ("etc/wordpress/php.ini", extensions + limits),
        ("usr/lib/wordpress/setup.php", SETUP.to_owned()),
        (&format!("{HOME}/wp-config.php"), WP_CONFIG.to_owned()),
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/sh\n"
                .to_owned(),
        ),
        ("etc/group", "root:x:0:\nwww-data:x:33:\n".to_owned()),
    ] {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    write_program(root, "blog", BLOG)
}
